/**
 * `contiv ctl` (and `netctl`): parses a command line, runs one command against a master or the host's agent, and says how it went by
 * output and exit code. Nothing here ends the process.
 * @module
 */
import { Command, CommanderError } from "commander";
import { ExitCode } from "../exit_code.ts";
import { VERSION } from "../version.ts";
import { errorLine } from "../output/error_line.ts";
import { normalizeArguments } from "./arguments.ts";
import { addCommand, type CommandSpec, Invocation, type OptionSpec } from "./command.ts";
import { connect, DEFAULT_MASTER } from "./connect.ts";
import { endpointCommands } from "./endpoint.ts";
import { CtlError, UsageError } from "./error.ts";
import { globalCommands } from "./global.ts";
import { groupCommands } from "./group.ts";
import { formatHelp } from "./help.ts";
import { hostCommands } from "./host.ts";
import type { CtlIo } from "./io.ts";
import type { MasterClient } from "./master_client.ts";
import { networkCommands } from "./network.ts";
import { tenantCommands } from "./tenant.ts";
import { versionCommand } from "./version.ts";

interface CommandGroup {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly description: string;
  readonly commands: readonly CommandSpec[];
}

/** Sorted by name, as they are listed. */
const groups: readonly CommandGroup[] = [
  {
    name: "endpoint",
    aliases: ["ep"],
    description: "Endpoints: a container's (or namespace's) interface on a network",
    commands: endpointCommands,
  },
  { name: "global", description: "Settings of the whole cluster", commands: globalCommands },
  {
    name: "group",
    description: "Endpoint groups: containers of one network with the same policy",
    commands: groupCommands,
  },
  {
    name: "host",
    description: "Hosts: machines whose agents connect containers",
    commands: hostCommands,
  },
  {
    name: "network",
    aliases: ["net"],
    description: "Networks: a subnet that containers get addresses from",
    commands: networkCommands,
  },
  {
    name: "tenant",
    description: "Tenants: separate worlds whose addresses may overlap",
    commands: tenantCommands,
  },
];

const NETMASTER: OptionSpec = {
  flags: "--netmaster <url>",
  description: `Master to talk to (env NETMASTER, default ${DEFAULT_MASTER})`,
};
const INSECURE: OptionSpec = {
  flags: "--insecure",
  description: "Accept any TLS certificate of the master (env INSECURE)",
};

/** `argv`: what follows the program's name. Never throws for what a user, a file or a server can do wrong. */
export async function runCtl(argv: readonly string[], io: CtlIo): Promise<ExitCode> {
  const program = new Command();
  let exitCode: ExitCode = ExitCode.Ok;
  let helpShownAsError = "";
  // Before any subcommand exists: they inherit these settings.
  program.exitOverride()
    .configureHelp({ formatHelp })
    .configureOutput({
      writeOut: (text) => io.stdout(text),
      writeErr: (text) => helpShownAsError += text,
      outputError: () => {},
    });
  declare(program, io, (code) => exitCode = code);
  try {
    await program.parseAsync(normalizeArguments(program, argv), { from: "user" });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return ExitCode.Ok;
    if (helpShownAsError) io.stdout(helpShownAsError);
    else fail(io, withWayOn(error.message.replace(/^error: /, ""), io.programName ?? "contiv ctl"));
    return ExitCode.Usage;
  }
}

/** The parser itself suggests what is spelt nearly like it, on a second line. */
function withWayOn(message: string, name: string): string {
  if (message.includes("\n")) return message;
  return `${message}\n\`${name} --help\` lists the commands, \`${name} COMMAND --help\` their options`;
}

function declare(program: Command, io: CtlIo, setExitCode: (code: ExitCode) => void): void {
  const name = io.programName ?? "contiv ctl";
  program.name(name).description("Manage the networks of containers").enablePositionalOptions()
    .option(NETMASTER.flags, NETMASTER.description)
    .option(INSECURE.flags, INSECURE.description)
    .version(`${name} version ${VERSION.Version}`, "-v, --version", "Show the version")
    .helpCommand("help", "Show help of a command");
  const execute = async (
    command: Command,
    args: string[],
    run: (invocation: Invocation) => Promise<void>,
  ) => setExitCode(await runCommand(program, command, args, run, io));
  for (const { name, aliases, description, commands } of groups) {
    const group = program.command(name).aliases([...(aliases ?? [])]).description(description);
    for (const spec of commands) addCommand(group, withConnection(spec), execute);
  }
  addCommand(program, withConnection(versionCommand), execute);
}

/** The program's own options are taken after a command, too. */
function withConnection(spec: CommandSpec): CommandSpec {
  return { ...spec, options: [...(spec.options ?? []), NETMASTER, INSECURE] };
}

async function runCommand(
  program: Command,
  command: Command,
  args: string[],
  run: (invocation: Invocation) => Promise<void>,
  io: CtlIo,
): Promise<ExitCode> {
  const options = command.opts<Record<string, unknown>>();
  const globals = program.opts<Record<string, unknown>>();
  const netmaster = options.netmaster ?? globals.netmaster;
  const insecure = options.insecure === true || globals.insecure === true;
  let master: Promise<MasterClient> | undefined;
  const connectOnce = () =>
    master ??= connect(io, { netmaster: typeof netmaster === "string" ? netmaster : "", insecure });
  try {
    await run(new Invocation(args, options, io, connectOnce));
    return ExitCode.Ok;
  } catch (error) {
    if (error instanceof UsageError) {
      io.stdout(command.helpInformation());
      fail(io, error.message);
      return ExitCode.Usage;
    }
    if (!(error instanceof CtlError)) throw error;
    fail(io, error.message);
    return error.exitCode;
  } finally {
    await master?.then((client) => client.close(), () => {});
  }
}

function fail(io: CtlIo, text: string): void {
  io.stderr(errorLine(text, io.isTerminal ?? false, io.now?.() ?? new Date()));
}

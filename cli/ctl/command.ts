/**
 * What all commands of `ctl` share: how one is declared, and what it is given when it runs.
 * @module
 */
import type { Command, Option } from "commander";
import { UsageError } from "./error.ts";
import type { CtlIo } from "./io.ts";
import type { MasterClient } from "./master_client.ts";

export interface CommandSpec {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly description: string;
  /** Names of the positional arguments, all required. */
  readonly arguments?: readonly string[];
  /** The original's text for a missing argument: `Network name required`. */
  readonly missing?: string;
  /** Flags in commander's form, description, default. */
  readonly options?: readonly OptionSpec[];
  /** May take more positional arguments than `arguments` names (the last one repeats). */
  readonly variadic?: boolean;
  run(invocation: Invocation): Promise<void>;
}

export interface OptionSpec {
  /** `-t, --tenant <name>`; for two long names the canonical one last. */
  readonly flags: string;
  readonly description: string;
  readonly default?: string;
  /** May be given several times. */
  readonly repeats?: boolean;
}

export const TENANT: OptionSpec = {
  flags: "-t, --tenant <name>",
  description: "Tenant that the object belongs to",
  default: "default",
};
export const ALL: OptionSpec = {
  flags: "-a, --all",
  description: "List the objects of all tenants",
};
export const JSON_OUTPUT: OptionSpec = {
  flags: "-j, --json",
  description: "Print the objects as a JSON array instead of a table",
};
export const QUIET: OptionSpec = {
  flags: "-q, --quiet",
  description: "Print names only, one a line",
};

/** One run of one command: its arguments and options, typed, and the world. */
export class Invocation {
  constructor(
    readonly args: readonly string[],
    private readonly options: Readonly<Record<string, unknown>>,
    readonly io: CtlIo,
    /** Connects at its first request, so that usage errors come before network errors. */
    readonly master: () => Promise<MasterClient>,
  ) {}

  /** The positional argument; the caller's spec has made sure that it is there. */
  argument(index: number): string {
    return this.args[index] ?? "";
  }

  /** Empty when absent, as on the wire. */
  text(option: string): string {
    const value = this.options[option];
    return typeof value === "string" ? value : "";
  }

  flag(option: string): boolean {
    return this.options[option] === true;
  }

  list(option: string): string[] {
    const value = this.options[option];
    return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
  }

  /** A decimal whole number; 0 when absent. */
  integer(option: string, flag: string): number {
    const value = this.text(option);
    if (value === "") return 0;
    if (!/^-?\d{1,15}$/.test(value)) {
      throw new UsageError(`invalid value "${value}" for ${flag}: want a whole number`);
    }
    return Number(value);
  }

  print(text: string): void {
    this.io.stdout(text);
  }

  /** JSON as netctl prints it: indented by two spaces. */
  printJson(value: unknown): void {
    this.io.stdout(JSON.stringify(value, null, 2) + "\n");
  }
}

/** Declares `spec` under `parent`. `execute` runs it and is where errors become exit codes. */
export function addCommand(
  parent: Command,
  spec: CommandSpec,
  execute: (
    command: Command,
    args: string[],
    run: (invocation: Invocation) => Promise<void>,
  ) => Promise<void>,
): void {
  const command = parent.command(spec.name).description(spec.description)
    .aliases([...(spec.aliases ?? [])]);
  for (const argument of spec.arguments ?? []) command.argument(`[${argument}]`);
  for (const option of spec.options ?? []) command.addOption(makeOption(command, option));
  command.allowExcessArguments(true);
  command.action(() =>
    execute(command, command.args, (invocation) => {
      checkArguments(spec, invocation.args);
      return spec.run(invocation);
    })
  );
}

function makeOption(command: Command, spec: OptionSpec): Option {
  const option = command.createOption(spec.flags, spec.description);
  if (spec.default !== undefined) option.default(spec.default);
  if (spec.repeats) {
    option.default([], "none");
    option.argParser((value: string, previous: unknown) => [
      ...(Array.isArray(previous) ? previous : []),
      value,
    ]);
  }
  return option;
}

function checkArguments(spec: CommandSpec, args: readonly string[]): void {
  const expected = spec.arguments?.length ?? 0;
  if (args.length < expected || args.some((argument) => argument === "")) {
    throw new UsageError(spec.missing ?? "Arguments required");
  }
  if (args.length > expected && !spec.variadic) {
    throw new UsageError("More arguments than required");
  }
}

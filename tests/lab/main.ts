/**
 * `deno task lab`: labs by hand. `up` leaves a keeper process behind, which owns the lab until `down`.
 * @module
 */
import process from "node:process";
import { Command } from "commander";
import { Lab } from "./lab.ts";
import { isAlive, type ProcessIdentity, sendSignal } from "./process_table.ts";
import { type LabRecord, listLabs, recordedHosts, sweepLabs } from "./registry.ts";
import { waitFor } from "./wait.ts";

interface KeepOptions {
  readonly ovs?: boolean;
  readonly docker?: boolean;
}

const program = new Command("lab").description("hosts on one machine, for trying things out")
  .enablePositionalOptions();

program.command("up").argument("[name]", "the lab's name", "hand")
  .argument("[hosts...]", "the hosts' names; a and b unless told")
  .option("--ovs", "start Open vSwitch in each host")
  .option("--docker", "start a Docker engine in each host")
  .description("make a lab that stays until `lab down`")
  .action(up);
program.command("ls").description("list the labs of this machine").action(() => {
  for (const lab of listLabs()) {
    const state = isAlive(lab.owner) ? "up" : "dead (lab sweep removes it)";
    console.log(`${lab.id}  ${state}  hosts: ${[...recordedHosts(lab).keys()].join(" ")}`);
  }
});
program.command("exec").argument("<lab>").argument("<host>", "a host, or outside")
  .argument("<command...>").passThroughOptions().description("run a command in a host")
  .action(exec);
program.command("down").argument("<lab>").description("end a lab").action(async (id: string) => {
  const lab = find(id);
  sendSignal(lab.owner.pid, "SIGTERM");
  await waitFor(`${lab.id} to end`, () => !isAlive(lab.owner), 20_000);
  await sweepLabs();
});
program.command("sweep").description("remove what killed programs left").action(async () => {
  for (const id of await sweepLabs()) console.log(`removed ${id}`);
});
program.command("keep", { hidden: true }).argument("<name>").argument("[hosts...]")
  .option("--ovs").option("--docker").action(keep);

/** Starts the keeper, waits for its word that all is up, and leaves it. */
async function up(name: string, hosts: string[], options: KeepOptions): Promise<void> {
  const flags = [...(options.ovs ? ["--ovs"] : []), ...(options.docker ? ["--docker"] : [])];
  const keeper = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", import.meta.filename ?? "", "keep", ...flags, name, ...hosts],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    detached: true,
  }).spawn();
  const reader = keeper.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  if (value === undefined) throw new Error("the lab did not start");
  const id = value.trim();
  console.log(
    `${id} is up. Go on with:\n  deno task lab exec ${id} a bash\n  deno task lab down ${id}`,
  );
  keeper.unref();
  process.exit(0);
}

async function keep(name: string, hosts: string[], options: KeepOptions): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    Deno.addSignalListener("SIGTERM", () => resolve());
    Deno.addSignalListener("SIGINT", () => resolve());
  });
  await using lab = await Lab.create({ name });
  for (const hostName of hosts.length ? hosts : ["a", "b"]) {
    const host = await lab.host(hostName);
    if (options.ovs) await host.startOvs();
    if (options.docker) await host.startDocker();
  }
  console.log(lab.id);
  const hold = setInterval(() => {}, 1 << 30); // a pending promise alone does not keep the process
  await ended;
  clearInterval(hold);
}

async function exec(id: string, host: string, command: string[]): Promise<void> {
  const init = initOf(find(id), host);
  const child = new Deno.Command("nsenter", {
    args: [`--target=${init.pid}`, "--net", "--mount", "--uts", "--pid", "--", ...command],
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  process.exit((await child.status).code);
}

function find(id: string): LabRecord {
  const labs = listLabs().filter((lab) => lab.id === id || lab.id.startsWith(`${id}-`));
  const [lab] = labs;
  if (lab === undefined || labs.length > 1) {
    throw new Error(
      `${labs.length ? "several labs are" : "no lab is"} named ${id}: deno task lab ls`,
    );
  }
  return lab;
}

function initOf(lab: LabRecord, host: string): ProcessIdentity {
  const hosts = recordedHosts(lab);
  const init = hosts.get(host);
  if (!init) throw new Error(`${lab.id} has no host ${host}, but ${[...hosts.keys()].join(", ")}`);
  return init;
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

/**
 * What attaching a network namespace costs, beside its floor: the bare link and port, made with nothing of ours around them. Also how often
 * ovs-vswitchd reconfigures its bridge for one: `deno run -A tests/bench/attach_bench.ts [rounds [endpoints present]]`. Needs root and
 * Open vSwitch.
 * @module
 */
import { Lab } from "../lab/lab.ts";
import { Floor } from "./attach_floor.ts";
import { endpointRequest, runInHost, startAgent } from "./agent_in_process.ts";
import { printTimes, Samples } from "./samples.ts";

const PAUSE_MS = 50;
const PARALLEL = 20;
/** Attachments of which the reconfigurations are counted. */
const COUNT = 20;
/** ovs-vswitchd's threads add up their counters once a second. */
const COUNTED_MS = 3_000;
const never = new AbortController().signal;
const decoder = new TextDecoder();

if (Deno.args[0] === "--inside") {
  await inside(Deno.args[1] ?? "", Number(Deno.args[2]), Number(Deno.args[3]));
  Deno.exit(0);
} else {
  await using lab = await Lab.create({ name: "attach" });
  const host = await lab.host("a");
  await host.startOvs();
  const script = new URL(import.meta.url).pathname;
  const [rounds = "100", present = "0"] = Deno.args;
  const store = `${host.directory}/contiv.db`;
  console.log(await runInHost(host, script, "--inside", store, rounds, present));
}

async function inside(path: string, rounds: number, present: number): Promise<void> {
  const unchanged = <T>(it: T) => it;
  const { endpoints } = await startAgent(path, {
    store: unchanged,
    switch: unchanged,
    kernel: unchanged,
  });
  for (let at = 0; at < present; at += PARALLEL) {
    const ids = Array.from({ length: PARALLEL }, (_, lane) => `present${at + lane}`);
    await Promise.all(ids.map((id) => endpoints.create(endpointRequest(id), never)));
  }
  await using floor = await Floor.open();
  const attach = (id: string) =>
    endpoints.create({
      ...endpointRequest(id),
      attachment: { kind: "netns", sandbox: namespacePath(id), interfaceName: "eth0" },
    }, never);
  const ids = Array.from({ length: rounds }, (_, at) => `n${at}`);
  for (const id of ids) for (const kind of ["a", "b"]) run("ip", "netns", "add", id + kind);
  // The first ones load code and bring the network's flows with them.
  await attach(`${ids[0]}a`);
  await floor.attach(0, namespacePath(`${ids[0]}b`));
  await endpoints.remove({ endpointID: `${ids[0]}a` }, never);
  await floor.detach(0);
  const samples = {
    attach: new Samples("attach by the agent"),
    floor: new Samples("floor: bare link and port"),
    detach: new Samples("detach by the agent"),
  };
  const measure = async (what: keyof typeof samples, work: () => Promise<unknown>) => {
    await pause(PAUSE_MS);
    await samples[what].measure(work);
  };
  for (const [at, id] of ids.entries()) {
    await measure("attach", () => attach(`${id}a`));
    await measure("floor", () => floor.attach(at, namespacePath(`${id}b`)));
    await measure("detach", () => endpoints.remove({ endpointID: `${id}a` }, never));
    await floor.detach(at);
  }
  printTimes(`${present} endpoints present`, [
    { samples: samples.attach, peer: samples.floor },
    { samples: samples.floor },
    { samples: samples.detach },
  ]);

  const turns = async (what: string, work: (id: string, at: number) => Promise<unknown>) => {
    await pause(COUNTED_MS);
    const before = reconfigurations();
    for (const [at, id] of ids.slice(0, COUNT).entries()) {
      await work(id, at);
      await pause(PAUSE_MS);
    }
    await pause(COUNTED_MS);
    const each = (reconfigurations() - before) / Math.min(COUNT, ids.length);
    console.log(`bridge reconfigurations for one ${what}: ${each.toFixed(1)}`);
  };
  await turns("attach", (id) => attach(`${id}a`));
  await turns("detach", (id) => endpoints.remove({ endpointID: `${id}a` }, never));
  await turns("floor", (id, at) => floor.attach(at, namespacePath(`${id}b`)));
  for (const at of ids.slice(0, COUNT).keys()) await floor.detach(at);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function namespacePath(name: string): string {
  return `/run/netns/${name}`;
}

function run(command: string, ...args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command(command, { args }).outputSync();
  if (!success) throw new Error(`${command} ${args.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/** How often ovs-vswitchd has gone over its whole bridge since it started. */
function reconfigurations(): number {
  const lines = run("ovs-appctl", "coverage/show");
  return Number(/^bridge_reconfigure\s+.*total: (\d+)/m.exec(lines)?.[1]);
}

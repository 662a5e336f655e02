/**
 * Where the time of an endpoint goes: the real agent in one process, on a lab host's kernel and Open vSwitch and a store on disk, with a
 * clock around each part that it calls: `deno run -A tests/bench/split_bench.ts [rounds [endpoints present]]`. Needs root and Open vSwitch.
 * @module
 */
import { Lab } from "../lab/lab.ts";
import { endpointRequest, intercept, runInHost, startAgent } from "./agent_in_process.ts";
import { printTimes, Samples } from "./samples.ts";

const PAUSE_MS = 50;
const PARALLEL = 20;
/** USER_HZ is 100 on every architecture that we run on (time(7)). */
const MS_PER_TICK = 10;
const never = new AbortController().signal;

if (Deno.args[0] === "--inside") {
  await inside(Deno.args[1] ?? "", Number(Deno.args[2]), Number(Deno.args[3]));
  Deno.exit(0);
} else {
  await using lab = await Lab.create({ name: "split" });
  const host = await lab.host("a");
  await host.startOvs();
  const script = new URL(import.meta.url).pathname;
  const [rounds = "100", present = "0"] = Deno.args;
  const store = `${host.directory}/contiv.db`;
  console.log(await runInHost(host, script, "--inside", store, rounds, present));
}

async function inside(path: string, rounds: number, present: number): Promise<void> {
  const parts = new Map<string, Samples>();
  const timed = <T extends object>(
    target: T,
    name: string,
    ...methods: (keyof T & string)[]
  ): T =>
    intercept(target, methods, (method, _, run) => {
      const part = `  ${name}.${method}`;
      let samples = parts.get(part);
      if (!samples) parts.set(part, samples = new Samples(part));
      return samples.measure(async () => await run());
    });
  const { endpoints } = await startAgent(path, {
    store: (store) => timed(store, "store", "transact"),
    switch: (vswitch) => timed(vswitch, "switch", "applyPorts", "applyFlows", "reconcilePipeline"),
    kernel: (kernel) =>
      timed(kernel, "kernel", "createEndpointLink", "deleteEndpointLink", "links"),
  });
  const measure = async (name: string, work: (id: string) => Promise<unknown>) => {
    parts.clear();
    const whole = new Samples(`Endpoints.${name}`);
    const before = processorTimes();
    for (let round = 0; round < rounds; round++) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      await whole.measure(() => work(`e${round}`));
    }
    printTimes(name, [whole, ...parts.values()].map((samples) => ({ samples })));
    const used = [...processorTimes()].map(([who, time]) =>
      `${who} ${((time - (before.get(who) ?? 0)) / rounds).toFixed(1)} ms`
    );
    console.log(`processor time of one: ${used.join(", ")}`);
  };
  for (let at = 0; at < present; at += PARALLEL) {
    const ids = Array.from({ length: PARALLEL }, (_, lane) => `present${at + lane}`);
    await Promise.all(ids.map((id) => endpoints.create(endpointRequest(id), never)));
  }
  await endpoints.create(endpointRequest("warm"), never);
  await endpoints.remove({ endpointID: "warm" }, never);
  await measure("create", (id) => endpoints.create(endpointRequest(id), never));
  await measure(
    "join",
    (endpointID) => endpoints.join({ netID: "net.default", endpointID }, "/run/docker/netns/x"),
  );
  await measure("remove", (endpointID) => endpoints.remove({ endpointID }, never));
}

/** Milliseconds of processor time that this process, its ended children and the switch's daemons have used (proc(5)). */
function processorTimes(): Map<string, number> {
  const times = new Map<string, number>();
  const read = (who: string, pid: string) => {
    const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]?.split(" ") ?? [];
    const sum = (at: number) => (Number(fields[at]) + Number(fields[at + 1])) * MS_PER_TICK;
    times.set(who, sum(11));
    return sum(13);
  };
  times.set("ovs-ofctl", read("this process", "self"));
  for (const daemon of ["ovs-vswitchd", "ovsdb-server"]) {
    read(daemon, Deno.readTextFileSync(`/run/openvswitch/${daemon}.pid`).trim());
  }
  return times;
}

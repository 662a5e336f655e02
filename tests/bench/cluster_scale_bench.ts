/**
 * How a cluster of many hosts fares on one etcd: `deno run -A tests/bench/cluster_scale_bench.ts [HOSTS ENDPOINTS TENANTS AGENTS]`. Agents
 * are simulated: all that they have to do with the store is real, a switch they have not. Of the hosts, AGENTS are whole ones, the others
 * only watch (tests/bench/cluster/agents_child.ts). Needs etcd; no root.
 * @module
 */
import { openEtcdStore } from "../../drivers/store/etcd/etcd_store.ts";
import { realTiming } from "../../drivers/store/testing.ts";
import { Cache } from "../../mod/state/cache.ts";
import { EtcdCluster } from "../lab/etcd.ts";
import { MasterProcess } from "../system/master_process.ts";
import { AgentsProcess } from "./cluster/agents_process.ts";
import { Changes, WrittenStore } from "./cluster/changes.ts";
import { fill } from "./cluster/fill.ts";
import { type Load, load } from "./cluster/load.ts";
import { catchUp, relist } from "./cluster/outages.ts";
import type { Shape } from "./cluster/shape.ts";
import { residentMemory } from "./process_cost.ts";
import { note, pause, QUICK, rounds } from "./ratios.ts";
import { milliseconds, printTable, printTimes } from "./samples.ts";

interface Size extends Shape {
  /** Hosts with a whole agent. */
  readonly agents: number;
}

const SIZES: readonly Size[] = QUICK ? [{ hosts: 20, endpoints: 50, tenants: 1, agents: 20 }] : [
  { hosts: 100, endpoints: 100, tenants: 1, agents: 100 },
  { hosts: 1000, endpoints: 100, tenants: 100, agents: 20 },
];
/** Each is made and removed: two changes. */
const ENDPOINTS = rounds(100, 20);
const BURST = rounds(500, 100);
const AT_ONCE = 32;
const REST_MS = rounds(10_000, 3_000);
/** After a start: what it has left to do is done. */
const SETTLE_MS = rounds(5_000, 2_000);
const START_DEADLINE_MS = 20 * 60_000;
/** Among which the agents are divided. */
const PROCESSES = 8;
/** Seconds, of one change at 100 hosts. */
const TARGET = 1;
const never = new AbortController().signal;

for (const size of sizes()) await measure(size);
Deno.exit(0);

function sizes(): readonly Size[] {
  const numbers = Deno.args.filter((argument) => !argument.startsWith("--")).map(Number);
  const [hosts, endpoints, tenants = 1, agents = hosts] = numbers;
  if (hosts === undefined || endpoints === undefined || agents === undefined) return SIZES;
  return [{ hosts, endpoints, tenants, agents }];
}

async function measure(size: Size): Promise<void> {
  const { hosts, endpoints, tenants } = size;
  const name = `${hosts} hosts × ${endpoints} endpoints`;
  console.log(`\n${name}, ${tenants} tenants`);
  await using cluster = await EtcdCluster.start();
  const [{ pid: etcd = 0, endpoint = "" } = {}] = cluster.members;
  const written = new WrittenStore(await openEtcdStore({ endpoints: [endpoint] }));
  const cache = await Cache.start(written.store, { ...realTiming, signal: never });
  await said("registering the endpoints", () => fill(written.store, cache, size));
  const filled = written.counts();
  await printMemory(endpoint, size);
  const processes = startProcesses(endpoint, size);
  try {
    await said("starting the agents", () => {
      const signal = AbortSignal.timeout(START_DEADLINE_MS);
      return Promise.all(processes.map((each) => each.started(signal)));
    });
    const changes = new Changes(written, cache, size, processes);
    await changes.oneByOne(3);
    await pause(SETTLE_MS);
    const rest = await load(etcd, processes, () => pause(REST_MS));
    const before = written.counts();
    const busy = await load(etcd, processes, () => changes.oneByOne(ENDPOINTS));
    printChanges(name, changes, hosts === 100 ? TARGET : undefined);
    printWrites(before, written.counts(), filled, hosts * endpoints);
    printLoad(size, rest, busy);
    const burst = await changes.burst(BURST, AT_ONCE);
    const rate = (BURST / burst * 1000).toFixed(0);
    console.log("\nUntil all agents are in sync");
    say(`${BURST} endpoints made, ${AT_ONCE} at a time (${rate} a second)`, burst);
    say("etcd killed, away for 5 s, back", await catchUp(cluster, changes));
    say("etcd killed, back with its history compacted", await relist(cluster, changes, processes));
  } finally {
    await Promise.all(processes.map((each) => each.close()));
    await written.store.close();
  }
}

/** The whole agents first, so that each process has its share of both kinds. */
function startProcesses(endpoint: string, { hosts, agents }: Size): AgentsProcess[] {
  const numbers = Array.from({ length: hosts }, (_, host) => host);
  return Array.from({ length: PROCESSES }, (_, process) => {
    const mine = numbers.filter((host) => host % PROCESSES === process);
    const watchers = mine.filter((host) => host >= agents).length;
    return new AgentsProcess({ endpoint, hosts: mine, watchers });
  });
}

/** Of one agent, and one master, each alone in its process. */
async function printMemory(endpoint: string, size: Size): Promise<void> {
  const agent = new AgentsProcess({ endpoint, hosts: [0], watchers: 0 });
  await using master = new MasterProcess({ args: [`--etcd=${endpoint}`] });
  try {
    const start = await milliseconds(() => agent.started(AbortSignal.timeout(START_DEADLINE_MS)));
    master.launch();
    await master.serves();
    await pause(SETTLE_MS);
    const resident = agent.resident;
    const { owners, flows, alive } = await agent.cost();
    printTable(`Memory at ${size.hosts * size.endpoints} endpoints, MiB`, [
      ["", "resident", "alive", "owners", "flows", "start, s"],
      ["agent", resident.toFixed(0), alive.toFixed(0), `${owners}`, `${flows}`, seconds(start)],
      ["master", residentMemory(master.pid ?? 0).toFixed(0), "", "", "", ""],
    ]);
  } finally {
    await agent.close();
  }
}

function printChanges(name: string, { committed, seen }: Changes, target?: number): void {
  printTimes(`One endpoint made or removed, ${name}`, [{ samples: committed }, { samples: seen }]);
  const what = `one endpoint change until the last agent, p99, s, ${name}`;
  note(what, seen.quantile(0.99) / 1000, "lower", target);
}

type Counts = ReturnType<WrittenStore["counts"]>;

function printWrites(before: Counts, after: Counts, filled: Counts, count: number): void {
  const alone = (what: keyof Counts) => ((after[what] - before[what]) / ENDPOINTS).toFixed(1);
  const many = (what: keyof Counts) => (filled[what] / count).toFixed(2);
  printTable("Written to the store, an endpoint", [
    ["", "revisions", "keys", "bytes"],
    ["made and removed, alone", alone("transactions"), alone("operations"), alone("bytes")],
    ["made, 84 at a time", many("transactions"), many("operations"), many("bytes")],
  ]);
}

/** What changes cost is what was spent beyond what is spent at rest. */
function printLoad({ hosts, agents }: Size, rest: Load, busy: Load): void {
  const changes = 2 * ENDPOINTS;
  const beyond = (what: "etcd" | "agents") => busy[what] - rest[what] / rest.wall * busy.wall;
  const percent = (part: number) => (part / rest.wall * 100).toFixed(2);
  printTable("Processor time", [
    ["", "at rest, % of one", "a change, ms"],
    ["etcd", percent(rest.etcd), (beyond("etcd") / changes).toFixed(2)],
    ["an agent", percent(rest.agents / hosts), (beyond("agents") / changes / hosts).toFixed(2)],
    ["of it in the desired state", "", (busy.computing / changes / agents).toFixed(3)],
  ]);
}

async function said(what: string, work: () => Promise<unknown>): Promise<void> {
  say(what, await milliseconds(work));
}

function say(what: string, milliseconds: number): void {
  console.log(`${what}: ${seconds(milliseconds)} s`);
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(1);
}

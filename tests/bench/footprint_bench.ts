/**
 * What each role takes: time to start, resident memory, and processor time at rest, with no, 1,000 and 10,000 endpoints registered, beside
 * Deno's bare HTTP server: `deno run -A tests/bench/footprint_bench.ts`. Needs root and Open vSwitch. The endpoints are records of other
 * hosts, without links here; scale_bench.ts has links.
 * @module
 */
import { Lab } from "../lab/lab.ts";
import type { Host } from "../lab/host.ts";
import type { NodeProcess } from "../lab/node.ts";
import { waitFor } from "../lab/wait.ts";
import { Contiv } from "../system/contiv.ts";
import { registerEndpoints } from "./register_endpoints.ts";
import { note, pause, QUICK, rounds } from "./ratios.ts";
import { printTable, Samples } from "./samples.ts";

const SIZES = QUICK ? [0, 1000] : [0, 1000, 10_000];
const ROLES = ["master", "plugin", "up"] as const;
const STARTS = rounds(2, 1);
/** After the start: what it has left to do is done. */
const SETTLE_MS = 2000;
const REST_MS = rounds(5000, 2000);
/** USER_HZ is 100 on every architecture that we run on (time(7)). */
const MS_PER_TICK = 10;
/** Of one processor. */
const REST_TARGET = 1;
/** In percent: what rests below counts as this, so that the limit made from it is the target. */
const REST_FINEST = 0.8;

interface Footprint {
  readonly start: Samples;
  readonly residentMiB: number;
  /** Percent of one processor. */
  readonly rest: number;
}

await using lab = await Lab.create({ name: "footprint" });
const host = await lab.host("a");
await host.startOvs();
const bare = await footprint(() => startBare(host));
const rows = [["Deno's bare HTTP server", ...cells(bare), "", ""]];
for (const size of SIZES) {
  const path = `${host.directory}/contiv-${size}.db`;
  await registerEndpoints(path, size);
  for (const role of ROLES) {
    const of = await footprint(() => startRole(host, role, path));
    const name = `${role}, ${size.toLocaleString("en")} endpoints`;
    const ratios = [
      of.start.median / bare.start.median,
      of.residentMiB / bare.residentMiB,
    ] as const;
    note(`start ÷ bare server, ${name}`, ratios[0], "lower");
    note(`resident memory ÷ bare server, ${name}`, ratios[1], "lower");
    const rest = Math.max(of.rest, REST_FINEST);
    note(`processor at rest, % of one, ${name}`, rest, "lower", REST_TARGET);
    rows.push([name, ...cells(of), ...ratios.map((ratio) => `${ratio.toFixed(1)}×`)]);
  }
}
printTable("Start until ready, resident memory, processor at rest", [
  ["", "ms", "MiB", "% of one", "start ÷ bare", "memory ÷ bare"],
  ...rows,
]);

async function footprint(start: () => Promise<Running>): Promise<Footprint> {
  const times = new Samples("start");
  for (let at = 1; at < STARTS; at++) {
    const running = await times.measure(start);
    await running.stop();
  }
  const running = await times.measure(start);
  await pause(SETTLE_MS);
  const before = processorTime(running.pid());
  await pause(REST_MS);
  const rest = (processorTime(running.pid()) - before) / REST_MS * 100;
  const residentMiB = residentMemory(running.pid());
  await running.stop();
  return { start: times, residentMiB, rest };
}

function cells({ start, residentMiB, rest }: Footprint): string[] {
  return [start.median.toFixed(0), residentMiB.toFixed(0), rest.toFixed(1)];
}

interface Running {
  pid(): number;
  stop(): Promise<unknown>;
}

/** Starts a role and waits until it serves: the agent, when the host is as the store says. */
async function startRole(
  host: Host,
  role: "master" | "plugin" | "up",
  path: string,
): Promise<Running> {
  const args = [
    `--store=embedded://${path}`,
    ...(role === "master" ? [] : ["--docker-socket=none"]),
  ];
  const contiv = new Contiv(host, { role, args, quiet: true });
  contiv.launch();
  if (role === "master") await answers(host, 9999);
  else await contiv.ready(60_000);
  return { pid: () => contiv.pid ?? 0, stop: () => contiv.stop() };
}

async function startBare(host: Host): Promise<Running> {
  const script = new URL("./bare_server.ts", import.meta.url).pathname;
  const args = ["9997", `${host.directory}/bare.db`, "300"];
  const server: NodeProcess = host.spawn([
    Deno.execPath(),
    "run",
    "-A",
    "--quiet",
    script,
    ...args,
  ]);
  await answers(host, 9997);
  return {
    pid: () => server.pid ?? 0,
    stop: () => {
      server.kill();
      return server.status;
    },
  };
}

/** Whether something listens: asked of the kernel, since a client process in the host takes as long as what is measured. */
async function answers(host: Host, port: number): Promise<void> {
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 0A`;
  await waitFor(
    `port ${port}`,
    () => Deno.readTextFileSync(`/proc/${host.pid}/net/tcp`).includes(end),
    60_000,
  );
}

function residentMemory(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

/** Milliseconds that a process has used. */
function processorTime(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]?.split(" ") ?? [];
  return (Number(stat[11]) + Number(stat[12])) * MS_PER_TICK;
}

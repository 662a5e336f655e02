/**
 * Setting up and tearing down an endpoint, Contiv beside its peers and its floor, in turns: one, 8 and 32 at a time, with few and with many
 * endpoints present. `deno run -A tests/bench/peers_bench.ts`. Needs root, Open vSwitch, Docker and containernetworking-plugins.
 * @module
 */
import { Lab } from "../lab/lab.ts";
import { IMAGE } from "../lab/image.ts";
import { Contiv } from "../system/contiv.ts";
import {
  cniPlugin,
  type Contender,
  contiv as contivContender,
  dockerBridge,
  floor as floorContender,
  ipCommands,
} from "./attach_contenders.ts";
import { DockerCalls } from "./docker_calls.ts";
import { runInside } from "./inside_host.ts";
import { note, pause, rounds } from "./ratios.ts";
import { milliseconds, printTable, Samples } from "./samples.ts";

/** What one operation leaves to the kernel and the daemons is not to be charged to the next. */
const PAUSE_MS = 40;
const LANES = rounds(32, 8);
const FEW = 10;
const MANY = rounds(1000, 100);
/** With this many present ovs-vswitchd is still busy after the pause. */
const LONG_PAUSE_MS = 200;
/** What Contiv's attachment may take of each peer's, and of the floor's. `ip -batch` is no way to start containers: it is only shown. */
const TARGETS: Readonly<Record<string, number>> = {
  "floor": 3,
  "Docker bridge": 1,
  "CNI bridge": 1,
  "CNI ptp": 1,
  "ip commands": 1,
};
/** Milliseconds, the median of one attachment with few endpoints present. */
const TARGET_MS = 8;

/** Times by contender: of one operation, or of a batch divided by its size. */
interface Times {
  readonly attach: Samples;
  readonly detach: Samples;
}

if (Deno.args[0] === "--inside") {
  await inside();
  Deno.exit(0);
} else {
  await using lab = await Lab.create({ name: "peers" });
  const host = await lab.host("a");
  // What a host of the lab has at /var/lib/contiv is in memory: a commit would cost nothing there.
  const store = `--store=embedded://${host.directory}/contiv.db`;
  const [contiv] = await Promise.all([
    Contiv.start(host, { args: [store, "--docker-socket=none"], quiet: true }),
    host.startDocker(),
  ]);
  await contiv.ctl("network", "create", "--subnet=10.1.0.0/16", "--gateway=10.1.255.254", "net");
  await runInside(host, new URL(import.meta.url).pathname);
}

async function inside(): Promise<void> {
  const contenders = await Promise.all([
    contivContender("net", LANES),
    floorContender(LANES),
    dockerBridge(IMAGE, LANES),
    cniPlugin("bridge", "10.79.0.0/16", LANES),
    cniPlugin("ptp", "10.80.0.0/16", LANES),
    ipCommands("one each", LANES),
    ipCommands("batch", LANES),
  ]);
  const socket = "/run/docker/plugins/netplugin.sock";
  const calls = await DockerCalls.onNetwork(socket, "net", "10.1.0.0/16");
  await present(calls, FEW);
  // The first ones load code, make bridges and bring the network's flows with them.
  await oneByOne(contenders, 1, PAUSE_MS);

  const few = await oneByOne(contenders, rounds(30, 8), PAUSE_MS);
  report(`one at a time, ${FEW} present`, contenders, few);
  const median = few.get("Contiv")?.attach.median ?? NaN;
  console.log(`Contiv's median is ${median.toFixed(1)} ms; wanted: at most ${TARGET_MS} ms`);
  for (const lanes of [8, 32].filter((lanes) => lanes <= LANES)) {
    const batches = await inParallel(contenders, lanes, rounds(lanes === 8 ? 6 : 4, 3));
    report(`${lanes} at a time, ${FEW} present`, contenders, batches);
  }
  await present(calls, MANY - FEW);
  const many = await oneByOne(contenders, rounds(8, 4), LONG_PAUSE_MS);
  report(`one at a time, ${MANY} present`, contenders, many);
  for (const contender of contenders) await contender[Symbol.asyncDispose]();
}

/** Endpoints that stay, with links, ports and flows, as Docker asks for them. */
async function present(calls: DockerCalls, count: number): Promise<void> {
  let todo = count;
  await Promise.all(Array.from({ length: 16 }, async () => {
    while (todo-- > 0) await calls.connect();
  }));
}

/** One of each a round, so that whatever else the machine does strikes all alike. */
async function oneByOne(
  contenders: readonly Contender[],
  count: number,
  pauseMs: number,
): Promise<Map<string, Times>> {
  const times = timesOf(contenders);
  for (let round = 0; round < count; round++) {
    for (const contender of contenders) {
      const own = times.get(contender.name);
      await pause(pauseMs);
      await own?.attach.measure(() => contender.attach(0));
      await pause(pauseMs);
      await own?.detach.measure(() => contender.detach(0));
    }
  }
  return times;
}

/** The times are those of a whole batch divided by its size: the reciprocal of the rate. */
async function inParallel(
  contenders: readonly Contender[],
  lanes: number,
  batches: number,
): Promise<Map<string, Times>> {
  const times = timesOf(contenders);
  const all = (work: (lane: number) => Promise<void>) =>
    milliseconds(() => Promise.all(Array.from({ length: lanes }, (_, lane) => work(lane))));
  for (let batch = 0; batch < batches; batch++) {
    for (const contender of contenders) {
      await pause(LONG_PAUSE_MS);
      const own = times.get(contender.name);
      own?.attach.add(await all((lane) => contender.attach(lane)) / lanes);
      await pause(LONG_PAUSE_MS);
      own?.detach.add(await all((lane) => contender.detach(lane)) / lanes);
    }
  }
  return times;
}

function timesOf(contenders: readonly Contender[]): Map<string, Times> {
  return new Map(
    contenders.map(({ name }) => [name, {
      attach: new Samples(`attach, ${name}`),
      detach: new Samples(`detach, ${name}`),
    }]),
  );
}

function report(
  what: string,
  contenders: readonly Contender[],
  times: ReadonlyMap<string, Times>,
): void {
  const own = times.get("Contiv");
  if (!own) throw new Error("Contiv was not measured");
  const rows = (["attach", "detach"] as const).flatMap((operation) => {
    const mine = own[operation];
    return contenders.flatMap(({ name }) => {
      const other = times.get(name)?.[operation];
      if (!other) return [];
      if (other === mine) return [[...cells(mine), ""]];
      const ratio = mine.median / other.median;
      const target = operation === "attach" ? TARGETS[name] : undefined;
      note(`${operation}, Contiv ÷ ${name}, ${what}`, ratio, "lower", target);
      return [[...cells(other), `${ratio.toFixed(2)}×`]];
    });
  });
  printTable(`${what}: milliseconds for one`, [
    ["", "n", "median", "p99", "max", "Contiv takes"],
    ...rows,
  ]);
}

function cells(samples: Samples): string[] {
  const times = [samples.median, samples.quantile(0.99), samples.quantile(1)];
  return [samples.name, String(samples.count), ...times.map((time) => time.toFixed(1))];
}

/**
 * How long endpoint links take to be made and deleted, and how long the event loop stands still meanwhile.
 * Needs root: `deno run -A tests/bench/netlink_bench.ts`.
 * @module
 */
import type { EndpointLinkSpec } from "../../mod/agent/kernel.ts";
import { openKernel } from "../../drivers/linux/kernel.ts";
import { enterLab } from "../../drivers/linux/testing/private_namespace.ts";
import { watchLoop } from "./event_loop.ts";
import { rounds } from "./ratios.ts";

const ROUNDS = rounds(300, 60);
const PARALLEL = 100;

await using lab = enterLab();
const kernel = await openKernel();

const docker = (at: number): EndpointLinkSpec => ({
  hostLink: `vvport${at}`,
  alias: `contiv:e${at}`,
  mtu: 1450,
  checksumOffload: false,
  peer: { name: `vport${at}`, mac: "02:02:0a:01:02:03" },
});
const inPlace = (at: number, namespace: string): EndpointLinkSpec => ({
  ...docker(at),
  peer: {
    name: "eth0",
    mac: "02:02:0a:01:02:03",
    namespace,
    addresses: ["10.1.2.3/24", "fd00:1::3/64"],
    gateways: ["10.1.2.254", "fd00:1::fe"],
  },
});

const stalls = watchLoop();
await new Promise((resolve) => setTimeout(resolve, 1000));
report("timer of 1 ms late when nothing happens", stalls.take());
const forms: [string, (at: number) => EndpointLinkSpec][] = [
  ["pair in place, IPv4 and IPv6", (at) => inPlace(at, lab.namespace().path)],
  ["pair for Docker", docker],
];
for (const [name, specOf] of forms) {
  const [created, again, deleted]: number[][] = [[], [], []];
  const specs = Array.from({ length: ROUNDS }, (_, at) => specOf(at));
  await new Promise((resolve) => setTimeout(resolve, 50));
  stalls.take();
  for (const spec of specs) {
    created?.push(await milliseconds(() => kernel.createEndpointLink(spec)));
    again?.push(await milliseconds(() => kernel.createEndpointLink(spec)));
    deleted?.push(await milliseconds(() => kernel.deleteEndpointLink(spec.hostLink)));
  }
  report(`create ${name}`, created);
  report(`ensure ${name} that is there`, again);
  report(`delete ${name}`, deleted);
  report("  timer of 1 ms late meanwhile", stalls.take());
}

const spaces = Array.from({ length: PARALLEL }, () => lab.namespace().path);
await new Promise((resolve) => setTimeout(resolve, 50));
stalls.take();
report(`create ${PARALLEL} pairs in place at once`, [
  await milliseconds(() =>
    Promise.all(spaces.map((path, at) => kernel.createEndpointLink(inPlace(at, path))))
  ),
]);
report(`list ${PARALLEL + 1} links`, [await milliseconds(() => kernel.links())]);
report(`delete ${PARALLEL} pairs at once`, [
  await milliseconds(() =>
    Promise.all(spaces.map((_, at) => kernel.deleteEndpointLink(`vvport${at}`)))
  ),
]);
report("  timer of 1 ms late meanwhile", stalls.take());
stalls.stop();
await kernel.close();

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function report(name: string, times: number[] = []): void {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN).toFixed(2);
  console.log(
    sorted.length === 1
      ? `${name}: ${at(0)} ms`
      : `${name}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms (${sorted.length})`,
  );
}

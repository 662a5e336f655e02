/**
 * How long a change of flows takes until it is in force, by ovs-ofctl processes that wait ahead of need and by ones that do not;
 * and of ports. Needs root and Open vSwitch: `deno run -A tests/bench/flows_bench.ts`.
 * @module
 */
import { changeLines } from "../../drivers/ovs/flow_commands.ts";
import { Ofctl } from "../../drivers/ovs/ofctl.ts";
import { addressOf, dropFlow, never, openLab, veth } from "../../drivers/ovs/testing/open_lab.ts";

const ROUNDS = 200;
/** Between changes, as when containers start one after another: the pool fills again meanwhile. */
const PAUSE_MS = 40;

await using lab = await openLab();
await lab.driver.start(never);
const socket = `${lab.ovs.directory}/contiv0.mgmt`;

for (const [spare, pauseMs] of [[0, PAUSE_MS], [2, PAUSE_MS], [2, 0]] as const) {
  const programmer = new Ofctl({ socket, spare, onWeakened: console.error });
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const lines = changeLines({ add: [dropFlow(addressOf(round))], remove: [] });
    times.push(await milliseconds(() => programmer.apply(lines)));
  }
  await programmer.close();
  report(`one flow, ${spare} processes waiting, a change each ${pauseMs} ms`, times);
}

const flows = Array.from({ length: 10_000 }, (_, index) => dropFlow(addressOf(index), 20));
const loads: number[] = [];
for (let round = 0; round < 5; round++) {
  loads.push(await milliseconds(() => lab.driver.applyFlows({ add: flows, remove: [] }, never)));
}
report("10,000 flows in one bundle", loads);
const all = [...flows, ...Array.from({ length: ROUNDS }, (_, n) => dropFlow(addressOf(n)))];
report("reconciliation of 10,200 flows that are right", [
  await milliseconds(() => lab.driver.reconcileFlows(all, never)),
]);

const names = Array.from({ length: 33 }, (_, index) => `v${index}`);
await lab.links(...names);
const one = names.slice(32).map((name) => veth(name, 33));
const attach: number[] = [];
for (let round = 0; round < 20; round++) {
  attach.push(await milliseconds(() => lab.driver.applyPorts(one, [], never)));
  await lab.driver.applyPorts([], ["v32"], never);
}
report("one port", attach);
report("32 ports, one call each, at once", [
  await milliseconds(() =>
    Promise.all(
      names.slice(0, 32).map((name, index) =>
        lab.driver.applyPorts([veth(name, index + 1)], [], never)
      ),
    )
  ),
]);

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function report(what: string, times: number[]): void {
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(1);
  console.log(`${what}: median ${at(0.5)} ms, 99 % ${at(0.99)} ms, n=${times.length}`);
}

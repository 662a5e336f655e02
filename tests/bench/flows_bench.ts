/**
 * How long it takes until flows are in force: Contiv beside `ovs-ofctl --bundle`, and beside ovs-vswitchd's own ceiling, which is a recorded
 * conversation said again; how long Contiv's event loop stands still meanwhile; and ports. `deno run -A tests/bench/flows_bench.ts`. Needs
 * root and Open vSwitch.
 * @module
 */
import { changeLines } from "../../drivers/ovs/flow_commands.ts";
import { addressOf, dropFlow, never, openLab, veth } from "../../drivers/ovs/testing/open_lab.ts";
import type { Flow } from "../../mod/pipeline/flow.ts";
import { watchLoop } from "./event_loop.ts";
import { record, replay } from "./openflow_replay.ts";
import { note, pause, rounds } from "./ratios.ts";
import { milliseconds, printTable, printTimes, Samples } from "./samples.ts";

const TABLE = 10;
const SIZES: readonly [flows: number, times: number][] = [
  [1, rounds(60, 15)],
  [100, rounds(30, 8)],
  [10_000, rounds(5, 3)],
  [100_000, rounds(3, 1)],
];
/** Between loads, as when containers start one after another: what waits ahead of need is there again. */
const PAUSE_MS = 50;
const PORTS = 32;

await using lab = await openLab();
const { flowProgrammer } = await lab.driver.start(never);
const socket = `${lab.ovs.directory}/contiv0.mgmt`;
const loop = watchLoop();
console.log(`Contiv writes flows by ${flowProgrammer}`);
for (const [size, times] of SIZES) await load(size, times);
loop.stop();
await ports();

async function load(size: number, times: number): Promise<void> {
  const flows = Array.from({ length: size }, (_, index) => dropFlow(addressOf(index), TABLE));
  const file = `${lab.ovs.directory}/flows-${size}`;
  await Deno.writeTextFile(file, fileOf(flows));
  // Names are what ovs-ofctl would ask the switch for first, in a long reply.
  const ofctl = (target: string) =>
    lab.ovs.ofctl("-O", "OpenFlow14", "--bundle", "--no-names", "add-flows", target, file);
  const conversation = await record(socket, (relay) => ofctl(`unix:${relay}`));
  const samples = {
    contiv: new Samples("Contiv"),
    ofctl: new Samples("ovs-ofctl --bundle"),
    ceiling: new Samples("ceiling"),
  };
  const late: number[] = [];
  const inForce = async (what: Samples, work: () => Promise<unknown>) => {
    await lab.ovs.ofctl("del-flows", "contiv0", `table=${TABLE}`);
    await pause(PAUSE_MS);
    loop.take();
    await what.measure(work);
  };
  for (let round = 0; round < times; round++) {
    await inForce(
      samples.contiv,
      () => lab.driver.applyFlows({ add: flows, remove: [] }, never),
    );
    await pause(2);
    late.push(Math.max(0, ...loop.take()));
    await verify(size);
    await inForce(samples.ofctl, () => ofctl(`unix:${socket}`));
    await inForce(samples.ceiling, () => replay(socket, conversation));
    await verify(size);
  }
  const name = size.toLocaleString("en") + (size === 1 ? " flow" : " flows");
  printTable(name, [
    ["ms", "n", "median", "p99", "flows a second", "Contiv takes"],
    ...Object.values(samples).map((each) => [
      each.name,
      String(each.count),
      each.median.toFixed(2),
      each.quantile(0.99).toFixed(2),
      (size * 1000 / each.median).toFixed(0),
      each === samples.contiv ? "" : `${(samples.contiv.median / each.median).toFixed(2)}×`,
    ]),
  ]);
  const stall = late.toSorted((a, b) => a - b)[Math.floor((late.length - 1) / 2)] ?? NaN;
  const worst = Math.max(...late);
  console.log(
    `longest stall of the event loop: median ${stall.toFixed(1)}, max ${worst.toFixed(1)} ms`,
  );
  const { contiv } = samples;
  note(`${name}, Contiv ÷ ovs-ofctl --bundle`, contiv.median / samples.ofctl.median, "lower", 1);
  note(`${name}, Contiv ÷ ceiling`, contiv.median / samples.ceiling.median, "lower");
  if (size >= 10_000) {
    note(
      `${name}, longest stall of the event loop ÷ ceiling`,
      stall / samples.ceiling.median,
      "lower",
    );
  }
}

/** Every contender has to have done the same work. */
async function verify(size: number): Promise<void> {
  const lines = await lab.ovs.ofctl("dump-aggregate", "contiv0", `table=${TABLE}`);
  const count = Number(/flow_count=(\d+)/.exec(lines)?.[1]);
  if (count !== size) throw new Error(`${count} flows are installed, not ${size}`);
}

/** As `ovs-ofctl add-flows` reads them. */
function fileOf(flows: readonly Flow[]): string {
  const lines = changeLines({ add: flows, remove: [] });
  return lines.map((line) => line.replace(/^flow add\S* /, "")).join("\n") + "\n";
}

async function ports(): Promise<void> {
  const names = Array.from({ length: PORTS + 1 }, (_, index) => `v${index}`);
  await lab.links(...names);
  const [one, all] = [new Samples("one port"), new Samples(`${PORTS} ports, one call each`)];
  const last = `v${PORTS}`;
  for (let round = 0; round < rounds(20, 5); round++) {
    await one.measure(() => lab.driver.applyPorts([veth(last, PORTS + 1)], [], never));
    await lab.driver.applyPorts([], [last], never);
  }
  all.add(
    await milliseconds(() =>
      Promise.all(
        names.slice(0, PORTS).map((name, index) =>
          lab.driver.applyPorts([veth(name, index + 1)], [], never)
        ),
      )
    ),
  );
  printTimes("Ports", [{ samples: one }, { samples: all }]);
}

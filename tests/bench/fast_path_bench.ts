/**
 * How long a change of flows takes until it is in force, natively and by ovs-ofctl processes that wait ahead of need, on one switch, in
 * turns. Needs root, Open vSwitch and the native library: `deno task build:native && deno task bench fast_path`.
 * @module
 */
import process from "node:process";
import { changeLines } from "../../drivers/ovs/flow_commands.ts";
import type { FlowProgrammer } from "../../drivers/ovs/flow_programmer.ts";
import { findNativeLibrary } from "../../drivers/ovs/native/library.ts";
import { Ofctl } from "../../drivers/ovs/ofctl.ts";
import { openNativeCodec } from "../../drivers/ovs/openflow/native_codec.ts";
import { OpenFlowProgrammer } from "../../drivers/ovs/openflow/openflow_programmer.ts";
import { addressOf, dropFlow, never, openLab } from "../../drivers/ovs/testing/open_lab.ts";
import { pause, rounds } from "./ratios.ts";
import { printTimes, Samples } from "./samples.ts";

const CHANGES = rounds(100, 30);
const BURSTS = rounds(50, 12);
const LOADS = rounds(7, 3);
const MANY = 10_000;
/** Between changes, as when containers start one after another: the pool of processes fills again meanwhile. */
const PAUSE_MS = 30;
/** Before a turn: the pool's processes have started. */
const SETTLE_MS = 200;
const TURNS = 4;

const library = await findNativeLibrary();
if (!library) {
  console.log("not measured: libcontivovs.so was not built; run: deno task build:native");
  process.exit(0);
}
await using lab = await openLab();
await lab.driver.start(never);
const socket = `${lab.ovs.directory}/contiv0.mgmt`;
const codec = openNativeCodec(library);
const native = new OpenFlowProgrammer(codec, { socket });
const ofctl = new Ofctl({ socket, onWeakened: console.error });
console.log(`native: ${native.description}; peer: ${ofctl.description}`);

/** The same flows of table 10 as below, so that the switch never holds others. */
const many = addition(0, MANY);
const rows = [
  await compare("one flow, in force", CHANGES, async (programmer, round) => {
    await programmer.apply(addition(round, 1));
  }),
  await compare("20 flows, in force", BURSTS, async (programmer, round) => {
    await programmer.apply(addition(round * 20, 20));
  }),
  await compare("10,000 flows in one bundle", LOADS, (programmer) => programmer.apply(many)),
  await compare("10,000 flows read back", LOADS, async (programmer) => {
    const { length } = (await programmer.dump()).flows;
    if (length !== MANY) throw new Error(`${length} flows are installed, not ${MANY}`);
  }),
];
printTimes("Flows, native beside ovs-ofctl", rows);

const encoding = new Samples("encoding 10,000 flows, strictly");
for (let round = 0; round < LOADS; round++) {
  await encoding.measure(() => Promise.resolve(codec.encodeLines(many, 1, 1)));
}
printTimes("Without the switch", [{ samples: encoding }]);
await native.close();
await ofctl.close();

/**
 * In turns, so that a busy moment of the machine hits both; but several rounds a turn, since processes that start for the pool would
 * otherwise slow the other's next round.
 */
async function compare(
  what: string,
  rounds: number,
  work: (programmer: FlowProgrammer, round: number) => Promise<void>,
): Promise<{ readonly samples: Samples; readonly peer: Samples }> {
  const [samples, peer] = [new Samples(what), new Samples("ovs-ofctl")];
  const turn = Math.ceil(rounds / TURNS);
  for (let from = 0; from < rounds; from += turn) {
    for (const [programmer, times] of [[native, samples], [ofctl, peer]] as const) {
      await pause(SETTLE_MS);
      for (let round = from; round < Math.min(from + turn, rounds); round++) {
        await pause(PAUSE_MS);
        await times.measure(() => work(programmer, round));
      }
    }
  }
  return { samples, peer };
}

function addition(from: number, count: number): string[] {
  const add = Array.from({ length: count }, (_, index) => dropFlow(addressOf(from + index)));
  return changeLines({ add, remove: [] });
}

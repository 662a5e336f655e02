import { deepEqual } from "node:assert/strict";
import { formatMeter, type Meter } from "../../mod/pipeline/meter.ts";
import {
  type InstalledMeter,
  meterDifference,
  parseMeter,
  setMeterLines,
} from "./meter_commands.ts";

const meter = (id: number, rate: number): Meter => ({ id, rate, burst: 200 });
const installed = (...meters: Meter[]): InstalledMeter[] =>
  meters.map((each) => ({ id: each.id, text: formatMeter(each) }));

Deno.test("meter is read from what Open vSwitch prints in the form that it takes", () => {
  const printed = "meter=7 kbps burst bands=\ntype=drop rate=1000 burst_size=200\n";
  deepEqual([parseMeter(printed)], installed(meter(7, 1_000)));
});

Deno.test("meter difference sets what is other than installed and removes the rest", () => {
  const present = installed(meter(1, 10), meter(2, 10), meter(3, 10));
  deepEqual(meterDifference([meter(1, 10), meter(2, 20), meter(4, 1)], present), {
    set: [meter(2, 20), meter(4, 1)],
    remove: [3],
  });
  deepEqual(meterDifference([meter(1, 10)], installed(meter(1, 10))), { set: [], remove: [] });
});

Deno.test("meter lines modify what exists, add what does not, and know how to take it back", () => {
  deepEqual(setMeterLines([meter(1, 5), meter(1, 20), meter(2, 30)], installed(meter(1, 10))), {
    set: [
      "meter modify meter=1,kbps,burst,band=type=drop,rate=20,burst_size=200",
      "meter add meter=2,kbps,burst,band=type=drop,rate=30,burst_size=200",
    ],
    undo: [
      "meter modify meter=1,kbps,burst,band=type=drop,rate=10,burst_size=200",
      "meter delete meter=2",
    ],
  });
});

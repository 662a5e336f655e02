/**
 * Meters as lines, what of them differs from what is installed, and how a change of them is undone: OpenFlow has no bundle of meters.
 * Pure.
 * @module
 */
import { formatMeter, type Meter } from "../../mod/pipeline/meter.ts";

/** A meter as the switch has it. */
export interface InstalledMeter {
  readonly id: number;
  /** As formatMeter() writes it. */
  readonly text: string;
}

export interface MeterDifference {
  readonly set: readonly Meter[];
  readonly remove: readonly number[];
}

/** `meter=7 kbps burst bands=\ntype=drop rate=1000 burst_size=200 `, as Open vSwitch prints a meter, in the form that it reads. */
export function parseMeter(printed: string): InstalledMeter {
  const words = printed.trim().split(/\s+/).join(",");
  const text = words.replace("bands=,", "bands=").replaceAll(",type=", ",band=type=")
    .replace("bands=", "band=");
  return { id: Number(/^meter=(\d+)/.exec(text)?.[1]), text };
}

export function meterDifference(
  desired: readonly Meter[],
  installed: readonly InstalledMeter[],
): MeterDifference {
  const wanted = new Map(desired.map((meter) => [meter.id, meter]));
  const present = new Map(installed.map(({ id, text }) => [id, text]));
  return {
    set: [...wanted.values()].filter((meter) => present.get(meter.id) !== formatMeter(meter)),
    remove: [...present.keys()].filter((id) => !wanted.has(id)),
  };
}

export interface MeterLines {
  readonly set: readonly string[];
  /** What takes back `set`, also when only a part of it was done. */
  readonly undo: readonly string[];
}

/** A meter that exists is modified, never removed and added: that would remove the flows that use it. */
export function setMeterLines(
  meters: readonly Meter[],
  installed: readonly InstalledMeter[],
): MeterLines {
  const present = new Map(installed.map(({ id, text }) => [id, text]));
  const last = [...new Map(meters.map((meter) => [meter.id, meter])).values()];
  return {
    set: last.map((meter) =>
      `meter ${present.has(meter.id) ? "modify" : "add"} ${formatMeter(meter)}`
    ),
    undo: last.map(({ id }) => {
      const before = present.get(id);
      return before === undefined ? removeMeterLine(id) : `meter modify ${before}`;
    }),
  };
}

export function removeMeterLine(id: number): string {
  return `meter delete meter=${id}`;
}

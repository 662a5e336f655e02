/**
 * Measures several ways for packets in turns, prints them side by side and notes their ratios.
 * @module
 */
import { note, QUICK } from "./ratios.ts";
import { printTable } from "./samples.ts";
import { roundTrips, serve, throughput, type Way } from "./transfer_tools.ts";

const SECONDS = QUICK ? 1 : 2;
/** What the project wants of its pipeline, in comparison to one flow on the same switch. */
const FLOOR_TARGET = 0.9;

interface Measured {
  /** Gbit/s */
  readonly throughput: number[];
  readonly perSecond: number[];
  /** Microseconds */
  readonly median: number[];
  readonly p99: number[];
}

export async function measureWays(
  what: string,
  own: Way,
  peers: readonly Way[],
  options: { readonly floor: string; readonly rounds: number },
): Promise<void> {
  const all = [own, ...peers].map((way) => {
    const measured: Measured = { throughput: [], perSecond: [], median: [], p99: [] };
    return { way, measured };
  });
  for (const { way } of all) await serve(way);
  for (let round = 0; round < options.rounds; round++) {
    for (const { way, measured } of all) {
      measured.throughput.push(await throughput(way, SECONDS));
      const { perSecond, median, p99 } = await roundTrips(way, SECONDS);
      measured.perSecond.push(perSecond);
      measured.median.push(median);
      measured.p99.push(p99);
    }
  }
  const first = all[0]?.measured;
  if (!first) return;
  const rows = all.map(({ way, measured }) => {
    const ratios = [
      middle(first.throughput) / middle(measured.throughput),
      middle(first.perSecond) / middle(measured.perSecond),
    ] as const;
    if (measured !== first) {
      const target = way.name === options.floor ? FLOOR_TARGET : undefined;
      note(`throughput, Contiv ÷ ${way.name}, ${what}`, ratios[0], "higher", target);
      note(`requests a second, Contiv ÷ ${way.name}, ${what}`, ratios[1], "higher", target);
    }
    const percent = ratios.map((ratio) =>
      measured === first ? "" : `${(ratio * 100).toFixed(0)} %`
    );
    return [
      way.name,
      middle(measured.throughput).toFixed(2),
      percent[0] ?? "",
      middle(measured.perSecond).toFixed(0),
      percent[1] ?? "",
      middle(measured.median).toFixed(0),
      middle(measured.p99).toFixed(0),
    ];
  });
  printTable(`${what}: medians of ${options.rounds} turns of ${SECONDS} s; Contiv's part of each`, [
    ["", "Gbit/s", "Contiv", "requests/s", "Contiv", "round trip µs", "p99 µs"],
    ...rows,
  ]);
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length / 2) - 1] ?? NaN;
}

/**
 * Stored limits for the benchmarks' ratios, and whether a run keeps them.
 * @module
 */
import type { Better, Ratio } from "./ratios.ts";

/** How much worse than recorded a ratio may be: the noise between two runs on one quiet machine. */
export const SLACK = 0.25;

export interface Threshold {
  readonly limit: number;
  readonly better: Better;
  /** What the limit was made from. */
  readonly measured: number;
  /** For the reader; kept when it is recorded again. */
  readonly note?: string;
}

/** By the ratios' names. */
export type Thresholds = Readonly<Record<string, Threshold>>;

export type Verdict = "within" | "beyond" | "no limit" | "not measured";

export interface Finding {
  readonly name: string;
  readonly verdict: Verdict;
  readonly ratio?: Ratio;
  readonly threshold?: Threshold;
}

/** One finding a ratio, in the order measured; with `all`, also one for every limit that nothing was measured for. */
export function compare(
  ratios: readonly Ratio[],
  thresholds: Thresholds,
  all: boolean,
): Finding[] {
  const measured = new Set(ratios.map(({ name }) => name));
  const missing = all ? Object.keys(thresholds).filter((name) => !measured.has(name)) : [];
  return [
    ...ratios.map((ratio): Finding => {
      const threshold = thresholds[ratio.name];
      if (!threshold) return { name: ratio.name, ratio, verdict: "no limit" };
      const verdict = keeps(ratio.value, threshold) ? "within" : "beyond";
      return { name: ratio.name, ratio, threshold, verdict };
    }),
    ...missing.map((name): Finding => ({ name, verdict: "not measured" })),
  ];
}

/** Limits made from what was measured, in place of the old ones of the same name. */
export function record(ratios: readonly Ratio[], old: Thresholds): Thresholds {
  const made = ratios.map(({ name, value, better }): [string, Threshold] => {
    const limit = better === "lower" ? value * (1 + SLACK) : value * (1 - SLACK);
    const remark = old[name]?.note;
    const threshold = { limit: short(limit), better, measured: short(value) };
    return [name, { ...threshold, ...(remark === undefined ? {} : { note: remark }) }];
  });
  return { ...old, ...Object.fromEntries(made) };
}

/** Of two runs, each ratio's better value: a moment's load from elsewhere is no regression. */
export function better(first: readonly Ratio[], second: readonly Ratio[]): Ratio[] {
  const again = new Map(second.map((ratio) => [ratio.name, ratio]));
  return first.map((ratio) => {
    const other = again.get(ratio.name);
    if (!other) return ratio;
    const improved = ratio.better === "lower"
      ? other.value < ratio.value
      : other.value > ratio.value;
    return improved ? other : ratio;
  });
}

/** Whether a ratio reaches what the project wants; undefined where it wants nothing. */
export function reaches({ value, better, target }: Ratio): boolean | undefined {
  if (target === undefined) return undefined;
  return better === "lower" ? value <= target : value >= target;
}

function keeps(value: number, { limit, better }: Threshold): boolean {
  return better === "lower" ? value <= limit : value >= limit;
}

function short(value: number): number {
  return Number(value.toPrecision(3));
}

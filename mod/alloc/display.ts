/**
 * Sets of numbers and addresses as text: `60.1.1.1-60.1.1.3, 60.1.1.254`.
 * @module
 */
import { type Family, formatAddress } from "../net/address.ts";

/** An inclusive run of consecutive values. */
export interface Run {
  readonly first: bigint;
  readonly last: bigint;
}

/** Runs of consecutive values, in order and without overlap, of any runs. */
export function mergeRuns(runs: readonly Run[]): Run[] {
  const merged: { first: bigint; last: bigint }[] = [];
  for (const run of runs.toSorted((a, b) => a.first < b.first ? -1 : a.first > b.first ? 1 : 0)) {
    const previous = merged.at(-1);
    if (!previous || run.first > previous.last + 1n) merged.push({ ...run });
    else if (run.last > previous.last) previous.last = run.last;
  }
  return merged;
}

/** What is left of `whole` without the merged `runs`. */
export function complement(whole: Run, runs: readonly Run[]): Run[] {
  const left: Run[] = [];
  let next = whole.first;
  for (const { first, last } of runs) {
    if (first > next) {
      left.push({ first: next, last: first - 1n < whole.last ? first - 1n : whole.last });
    }
    if (last >= next) next = last + 1n;
  }
  if (next <= whole.last) left.push({ first: next, last: whole.last });
  return left.filter((run) => run.first <= run.last);
}

/** The parts of `runs` within `whole`. */
export function clip(whole: Run, runs: readonly Run[]): Run[] {
  return runs.map(({ first, last }) => ({
    first: first < whole.first ? whole.first : first,
    last: last > whole.last ? whole.last : last,
  })).filter((run) => run.first <= run.last);
}

export function formatAddressRuns(family: Family, runs: readonly Run[]): string {
  return formatRuns(runs, (value) => formatAddress({ family, value }));
}

/** `1-6, 777` */
export function formatNumbers(numbers: readonly number[]): string {
  const runs = numbers.map((number) => ({ first: BigInt(number), last: BigInt(number) }));
  return formatRuns(mergeRuns(runs), String);
}

function formatRuns(runs: readonly Run[], format: (value: bigint) => string): string {
  return runs.map(({ first, last }) =>
    first === last ? format(first) : `${format(first)}-${format(last)}`
  ).join(", ");
}

/**
 * Pools of numbers (tags, ids, ports): one key a number, created "if absent".
 * @module
 */
import type { Allocation, Owner } from "../model/records.ts";
import { decode, type Snapshot } from "../state/snapshot.ts";

export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

/** The numbers that have a key under `prefix`, in order. */
export function numbersIn(snapshot: Snapshot, prefix: string): number[] {
  return snapshot.list(prefix).map((item) => Number(item.key.slice(prefix.length)))
    .sort((a, b) => a - b);
}

/** The lowest number of the range that has no key under `prefix`, those of `avoid` only if there is no other; undefined when all have. */
export function lowestFreeNumber(
  snapshot: Snapshot,
  prefix: string,
  { first, last }: NumberRange,
  avoid: ReadonlySet<number> = new Set(),
): number | undefined {
  let free = first;
  let avoided: number | undefined;
  const passOver = (until: number) => {
    for (; free < until && avoid.has(free); free++) avoided ??= free;
  };
  for (const number of numbersIn(snapshot, prefix)) {
    passOver(number);
    if (number === free) free++;
    else if (number > free) break;
  }
  passOver(last + 1);
  return free <= last ? free : avoided;
}

/** Whether the allocation at `key` exists and is held by `owner`. */
export function isHeldBy(snapshot: Snapshot, key: string, owner: Owner): boolean {
  const item = snapshot.get(key);
  const held = item && decode<Allocation>(item).owner;
  return held?.kind === owner.kind && held.id === owner.id;
}

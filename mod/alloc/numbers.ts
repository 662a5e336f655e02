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

/** The lowest number of the range that has no key under `prefix`; undefined when all have. */
export function lowestFreeNumber(
  snapshot: Snapshot,
  prefix: string,
  { first, last }: NumberRange,
): number | undefined {
  let free = first;
  for (const number of numbersIn(snapshot, prefix)) {
    if (number === free) free++;
    else if (number > free) break;
  }
  return free <= last ? free : undefined;
}

/** Whether the allocation at `key` exists and is held by `owner`. */
export function isHeldBy(snapshot: Snapshot, key: string, owner: Owner): boolean {
  const item = snapshot.get(key);
  const held = item && decode<Allocation>(item).owner;
  return held?.kind === owner.kind && held.id === owner.id;
}

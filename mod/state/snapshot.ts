/**
 * A consistent view of the store at one revision: what every pure decision is made from.
 * @module
 */
import type { KeyValue, Revision } from "./store.ts";

/** Immutable: a snapshot once taken never changes, whatever is written afterwards. */
export interface Snapshot {
  readonly revision: Revision;
  get(key: string): KeyValue | undefined;
  /** Sorted by key. A prefix that ends in `/` is the cheap case. */
  list(prefix: string): readonly KeyValue[];
}

const decoded = new WeakMap<KeyValue, unknown>();

/**
 * The JSON value of a record, parsed once per record however often it is read; treat it as immutable.
 * Records of one key and revision are the same object, so the result may serve as a memo key.
 */
export function decode<T>(item: KeyValue): T {
  let value = decoded.get(item);
  if (value === undefined) decoded.set(item, value = JSON.parse(item.value));
  return value as T;
}

/** The parsed record of `key`, or undefined. */
export function read<T>(snapshot: Snapshot, key: string): T | undefined {
  const item = snapshot.get(key);
  return item && decode<T>(item);
}

/** The parsed records under `prefix`, sorted by key. */
export function readAll<T>(snapshot: Snapshot, prefix: string): T[] {
  return snapshot.list(prefix).map((item) => decode<T>(item));
}

/**
 * A consistent view of the store at one revision: what every pure decision is made from.
 * @module
 */
import { StateError } from "./error.ts";
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
 * Records of one key and revision are the same object, so the result may serve as a memo key. Throws as `parsed` does.
 */
export function decode<T>(item: KeyValue): T {
  let value = decoded.get(item);
  if (value === undefined) decoded.set(item, value = parsed(item));
  return value as T;
}

/** The JSON value of a record, not kept. Throws StateError "unreadable" for what is none, or null. */
export function parsed(item: KeyValue): unknown {
  try {
    const value: unknown = JSON.parse(item.value);
    if (value !== null) return value;
  } catch (error) {
    throw unreadable(item.key, error);
  }
  throw unreadable(item.key);
}

/** Its value is not shown: nobody knows what is in it. */
function unreadable(key: string, cause?: unknown): StateError {
  return new StateError(
    "unreadable",
    `the store's record ${key} is no JSON, so it was not written by Contiv; ` +
      `put back what it was, or delete it (etcd: \`etcdctl del ${key}\`; Consul: \`consul kv delete ${
        key.slice(1)
      }\`)`,
    { cause },
  );
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

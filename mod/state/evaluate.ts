/**
 * What compares and operations mean, as pure functions of the records they meet. Every store that evaluates transactions itself,
 * and every view built on top of one, uses these, so that they cannot differ.
 * @module
 */
import type { Compare, KeyValue, Operation, Revision, StoreEvent } from "./store.ts";

/** The records that a transaction is evaluated against. */
export interface Records {
  get(key: string): KeyValue | undefined;
  /** Every record under `prefix`, or at least the one last modified. */
  list(prefix: string): Iterable<KeyValue>;
}

/** Whether the condition holds; see `Compare` for each kind's meaning. */
export function holds(compare: Compare, records: Records): boolean {
  if ("prefix" in compare) {
    for (const item of records.list(compare.prefix)) {
      if (item.modRevision > compare.unchangedSince) return false;
    }
    return true;
  }
  const item = records.get(compare.key);
  if ("modRevision" in compare) return (item?.modRevision ?? 0) === compare.modRevision;
  if ("createRevision" in compare) return (item?.createRevision ?? 0) === compare.createRevision;
  return item?.value === compare.value;
}

/** What the operations change when applied as `revision`; empty when they only delete absent keys, and no revision is due. */
export function effects(
  operations: readonly Operation[],
  records: Records,
  revision: Revision,
): StoreEvent[] {
  const events: StoreEvent[] = [];
  for (const operation of operations) {
    const before = records.get(operation.key);
    if (operation.type === "put") {
      events.push({ type: "put", item: written(operation, before, revision), revision });
    } else if (before) events.push({ type: "delete", key: operation.key, revision });
  }
  return events;
}

function written(
  put: Extract<Operation, { type: "put" }>,
  before: KeyValue | undefined,
  revision: Revision,
): KeyValue {
  return {
    key: put.key,
    value: put.value,
    createRevision: before?.createRevision ?? revision,
    modRevision: revision,
    version: (before?.version ?? 0) + 1,
    ...(put.lease !== undefined && { lease: put.lease }),
  };
}

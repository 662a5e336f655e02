/**
 * The store's terms in etcd's messages (etcdserverpb, rpc.proto) and back. Pure.
 * @module
 */
import { Buffer } from "node:buffer";
import type { ICompare, IEvent, IKeyValue, IRequestOp, ITxnRequest, IWatchResponse } from "etcd3";
import type {
  Compare,
  KeyValue,
  Operation,
  Revision,
  StoreEvent,
  WatchBatch,
} from "../../../mod/state/store.ts";

const ZERO = Buffer.from([0]);

/** The keys that start with `prefix`, as etcd's half-open range; "\0" to "\0" is all of them. */
export function rangeOf(prefix: string): { key: Buffer; range_end: Buffer } {
  if (prefix === "") return { key: ZERO, range_end: ZERO };
  const key = Buffer.from(prefix);
  const end = Buffer.from(key);
  // The last byte of UTF-8 text is never 0xff.
  end.writeUInt8(end.readUInt8(end.length - 1) + 1, end.length - 1);
  return { key, range_end: end };
}

export function txnRequest(
  compares: readonly Compare[],
  operations: readonly Operation[],
): ITxnRequest {
  return { compare: compares.map(compareOf), success: operations.map(requestOf), failure: [] };
}

/** A key that is absent has revision 0 in etcd too; a value compare of an absent key fails there as here. */
function compareOf(compare: Compare): ICompare {
  if ("prefix" in compare) {
    const before = String(compare.unchangedSince + 1);
    return {
      ...rangeOf(compare.prefix),
      target: "Mod",
      result: "Less",
      mod_revision: before,
    };
  }
  const key = Buffer.from(compare.key);
  if ("value" in compare) {
    return { key, target: "Value", result: "Equal", value: Buffer.from(compare.value) };
  }
  if ("modRevision" in compare) {
    return { key, target: "Mod", result: "Equal", mod_revision: String(compare.modRevision) };
  }
  const create_revision = String(compare.createRevision);
  return { key, target: "Create", result: "Equal", create_revision };
}

function requestOf(operation: Operation): IRequestOp {
  const key = Buffer.from(operation.key);
  if (operation.type === "delete") return { request_delete_range: { key } };
  const { value, lease } = operation;
  return {
    request_put: { key, value: Buffer.from(value), ...(lease !== undefined && { lease }) },
  };
}

export function keyValueOf(kv: IKeyValue): KeyValue {
  return {
    key: kv.key.toString(),
    value: kv.value.toString(),
    createRevision: Number(kv.create_revision),
    modRevision: Number(kv.mod_revision),
    version: Number(kv.version),
    ...(kv.lease !== "0" && { lease: kv.lease }),
  };
}

/**
 * A response's events, a batch for each revision. A response may hold many revisions; without the request's `fragment` etcd never
 * splits one over two.
 */
export function batchesOf({ events }: Pick<IWatchResponse, "events">): WatchBatch[] {
  const batches = new Map<Revision, StoreEvent[]>();
  for (const event of events) {
    const revision = Number(event.kv.mod_revision);
    const batch = batches.get(revision);
    if (batch) batch.push(eventOf(event, revision));
    else batches.set(revision, [eventOf(event, revision)]);
  }
  return [...batches].map(([revision, batch]) => ({ revision, events: batch }));
}

function eventOf({ type, kv }: IEvent, revision: Revision): StoreEvent {
  if (type === "Delete") return { type: "delete", key: kv.key.toString(), revision };
  return { type: "put", item: keyValueOf(kv), revision };
}

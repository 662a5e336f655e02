/**
 * Lists of any length, in pages of one revision: each page is small enough for the time that one member is given.
 * @module
 */
import { Buffer } from "node:buffer";
import type { IRangeRequest } from "etcd3";
import {
  type CallOptions,
  type KeyValue,
  type ListResult,
  StoreError,
} from "../../../mod/state/store.ts";
import type { Cluster } from "./cluster.ts";
import { keyValueOf, rangeOf } from "./messages.ts";

const PAGE = 2_000;
/** How often a list begins anew because its revision was compacted before its last page was read. */
const ATTEMPTS = 3;

export async function listAll(
  cluster: Cluster,
  prefix: string,
  options?: CallOptions,
): Promise<ListResult> {
  for (let attempt = 1;; attempt++) {
    try {
      return await pages(cluster, prefix, options);
    } catch (error) {
      const compacted = error instanceof StoreError && error.code === "compacted";
      if (!compacted || attempt === ATTEMPTS) throw error;
    }
  }
}

/** The first page is linearizable and says the revision; the others are of that revision, whichever member gives them. */
async function pages(
  cluster: Cluster,
  prefix: string,
  options: CallOptions | undefined,
): Promise<ListResult> {
  const range = rangeOf(prefix);
  const items: KeyValue[] = [];
  let request: IRangeRequest = { ...range, limit: PAGE };
  while (true) {
    const { result } = await cluster.call({
      action: `list ${prefix}`,
      invoke: (etcd, call) => etcd.kv.range(request, call),
      repeatable: true,
    }, options);
    for (const kv of result.kvs) items.push(keyValueOf(kv));
    const revision = request.revision ?? result.header.revision;
    const last = result.kvs.at(-1);
    if (!result.more || !last) return { items, revision: Number(revision) };
    const key = Buffer.concat([last.key, Buffer.from([0])]);
    request = { ...range, key, limit: PAGE, revision };
  }
}

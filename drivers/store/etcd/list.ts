/**
 * Lists of any length, in pages of one revision: each page is small enough for the time that one member is given. When hundreds of agents
 * list everything at once a page may still come late; then that page is asked for again, smaller, and not the whole list.
 * @module
 */
import { Buffer } from "node:buffer";
import type { IRangeRequest, IRangeResponse } from "etcd3";
import {
  type CallOptions,
  type KeyValue,
  type ListResult,
  StoreError,
} from "../../../mod/state/store.ts";
import type { Cluster } from "./cluster.ts";
import { keyValueOf, rangeOf } from "./messages.ts";

const PAGE = 1_000;
const SMALLEST_PAGE = 50;
/** How long a list that has begun waits for its next page. */
const PATIENCE_MS = 30_000;
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
  let limit = PAGE;
  let progress = performance.now();
  let request: IRangeRequest = range;
  while (true) {
    let result: IRangeResponse;
    try {
      ({ result } = await cluster.call({
        action: `list ${prefix}`,
        invoke: (etcd, call) => etcd.kv.range({ ...request, limit }, call),
        repeatable: true,
      }, options));
    } catch (error) {
      const givenUp = options?.signal?.aborted || cluster.closed.aborted;
      const patient = items.length > 0 && performance.now() - progress < PATIENCE_MS;
      if (givenUp || !patient || !mayPass(error)) throw error;
      limit = Math.max(SMALLEST_PAGE, limit >> 1);
      continue;
    }
    progress = performance.now();
    for (const kv of result.kvs) items.push(keyValueOf(kv));
    const revision = request.revision ?? result.header.revision;
    const last = result.kvs.at(-1);
    if (!result.more || !last) return { items, revision: Number(revision) };
    const key = Buffer.concat([last.key, Buffer.from([0])]);
    request = { ...range, key, revision };
  }
}

function mayPass(error: unknown): boolean {
  return error instanceof StoreError && (error.code === "unavailable" || error.code === "timeout");
}

/**
 * A watch that outlives the members it runs on: each time it continues at the revision after the last one delivered.
 * @module
 */
import type { IWatchResponse } from "etcd3";
import { type Revision, StoreError, type WatchBatch } from "../../../mod/state/store.ts";
import { backoff } from "../../../mod/state/timing.ts";
import { delay } from "../../delay.ts";
import type { Cluster } from "./cluster.ts";
import { answered, CallFailure, GrpcCode, isSilence, judge } from "./failure.ts";
import type { Member } from "./member.ts";
import { batchesOf, rangeOf } from "./messages.ts";

/** A cluster that is away for longer ends the watch: its reader is to know that he sees an old state. */
const PATIENCE_MS = 15_000;
/** How often the member of a watch has to show that it serves; a stopped one keeps its connections open, in silence. */
const PROOF_EVERY_MS = 2_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

export async function* watchCluster(
  cluster: Cluster,
  prefix: string,
  from: Revision,
  signal: AbortSignal,
  username: string | undefined,
): AsyncGenerator<WatchBatch> {
  const action = `watch ${prefix}`;
  const ends = AbortSignal.any([signal, cluster.closed]);
  let next = Math.max(1, from);
  /** When the cluster was found to be away; absent while it serves. */
  let awaySince: number | undefined;
  for (let attempt = 0; !ends.aborted; attempt++) {
    const began = performance.now();
    try {
      const member = await memberFor(cluster, prefix, next, ends);
      awaySince = undefined;
      for await (const response of responses(member, prefix, next, ends)) {
        attempt = 0;
        for (const batch of batchesOf(response)) {
          if (batch.revision < next) continue;
          next = batch.revision + 1;
          yield batch;
          if (ends.aborted) return;
        }
      }
    } catch (error) {
      if (ends.aborted) return;
      if (error instanceof CallFailure) {
        if (judge(error) === "answered") throw answered(error, action, username);
        awaySince ??= performance.now();
      } else {
        awaySince ??= began;
        const patient = performance.now() - awaySince <= PATIENCE_MS;
        if (!(error instanceof StoreError && mayPass(error) && patient)) throw error;
      }
    }
    await delay(backoff(attempt, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, Math.random()), ends);
  }
}

function mayPass({ code }: StoreError): boolean {
  return code === "unavailable" || code === "timeout";
}

/**
 * A member that has just served a linearizable read of the prefix. Throws "compacted" when the history does not reach to `next`: the
 * cluster was restored from a backup or replaced, and what was seen of it before is of another history.
 */
async function memberFor(
  cluster: Cluster,
  prefix: string,
  next: Revision,
  signal: AbortSignal,
): Promise<Member> {
  const request = { ...rangeOf(prefix), count_only: true };
  const { result, member } = await cluster.call({
    action: `watch ${prefix}`,
    invoke: (etcd, options) => etcd.kv.range(request, options),
    repeatable: true,
  }, { signal });
  const revision = Number(result.header.revision);
  if (revision >= next - 1) return member;
  throw new StoreError(
    "compacted",
    `revision ${next} is not of this history: ${cluster.description} is at revision ${revision} only`,
  );
}

async function* responses(
  member: Member,
  prefix: string,
  next: Revision,
  signal: AbortSignal,
): AsyncGenerator<IWatchResponse> {
  const done = new AbortController();
  const lost = new AbortController();
  const ends = AbortSignal.any([signal, lost.signal]);
  const proving = proveUntil(member, AbortSignal.any([signal, done.signal]), lost);
  try {
    const request = { ...rangeOf(prefix), start_revision: String(next) };
    for await (const response of member.watch(request, ends)) {
      throwIfCancelled(member, response, next);
      yield response;
    }
  } finally {
    done.abort();
    await proving;
  }
}

async function proveUntil(
  member: Member,
  signal: AbortSignal,
  lost: AbortController,
): Promise<void> {
  while (!signal.aborted) {
    await delay(PROOF_EVERY_MS, signal);
    if (signal.aborted) return;
    try {
      await member.prove(signal);
    } catch (error) {
      if (!(error instanceof CallFailure)) throw error;
      if (signal.aborted) return;
      member.markFailed(isSilence(error));
      lost.abort();
      return;
    }
  }
}

function throwIfCancelled(member: Member, response: IWatchResponse, next: Revision): void {
  if (!response.canceled) return;
  if (response.compact_revision !== "0") {
    throw new StoreError(
      "compacted",
      `revision ${next} is compacted; ${response.compact_revision} is the oldest that is kept`,
    );
  }
  const reason = response.cancel_reason || "the member cancelled the watch";
  throw new CallFailure(member.endpoint, GrpcCode.UNAVAILABLE, reason);
}

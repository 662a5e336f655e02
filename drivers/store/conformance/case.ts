/**
 * What the conformance tests of a Store have in common.
 * @module
 */
import assert from "node:assert/strict";
import {
  type Operation,
  type Revision,
  type Store,
  StoreError,
  type StoreErrorCode,
  type WatchBatch,
} from "../../../mod/state/store.ts";

export interface Context {
  readonly store: Store;
  /** Ends in `/`; nobody else writes under it. */
  readonly root: string;
  /** The time to live, in milliseconds, of a lease that is to expire in a test. */
  readonly leaseTtl: number;
}

export type Case = readonly [title: string, body: (context: Context) => Promise<void>];

export const put = (key: string, value: string, lease?: string): Operation => ({
  type: "put",
  key,
  value,
  ...(lease !== undefined && { lease }),
});
export const remove = (key: string): Operation => ({ type: "delete", key });

/** A running watch whose batches are asked for one by one. */
export function collect(store: Store, prefix: string, from: Revision): {
  next(): Promise<WatchBatch | undefined>;
  /** That many batches; then the watch ends. */
  take(count: number): Promise<WatchBatch[]>;
  end(): Promise<void>;
} {
  const abort = new AbortController();
  const iterator = store.watch(prefix, from, abort.signal)[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await iterator.next();
    return done ? undefined : value;
  };
  const end = async () => {
    abort.abort();
    await iterator.return?.();
  };
  const take = async (count: number) => {
    const batches: WatchBatch[] = [];
    while (batches.length < count) {
      const batch = await next();
      assert.ok(batch, "the watch ended early");
      batches.push(batch);
    }
    await end();
    return batches;
  };
  return { next, take, end };
}

export const codeOf = (error: unknown): StoreErrorCode | undefined =>
  error instanceof StoreError ? error.code : undefined;

export async function fails(code: StoreErrorCode, action: () => Promise<unknown>): Promise<void> {
  await assert.rejects(action, (error) => {
    assert.equal(codeOf(error), code, String(error));
    return true;
  });
}

/**
 * One holder at a time for what must run once. The lock is a key under a lease; a lock alone is not safe (its holder may sleep through
 * its loss), so whoever acts under it puts `fence` among the compares of each of his transactions.
 * @module
 */
import type { Cache } from "./cache.ts";
import { keepLease } from "./leases.ts";
import { type Compare, type Store, StoreError } from "./store.ts";
import { backoff } from "./timing.ts";

export interface Leadership {
  /** Holds for as long as this leadership lasts, and never again. */
  readonly fence: Compare;
  /** Aborts when the leadership can no longer be relied on. */
  readonly lost: AbortSignal;
  /** Gives the lock back at once. Never throws. */
  resign(): Promise<void>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Waits until the lock `key` (under LOCKS, which the cache must hold) is ours, however long that takes and however often the store
 * is away; rejects when the signal aborts. `value` says who holds it, for people. `ttl` in ms: how long after a crash another may lead.
 */
export async function campaign(
  store: Store,
  cache: Cache,
  key: string,
  value: string,
  ttl: number,
  signal: AbortSignal,
): Promise<Leadership> {
  const { random, delay } = cache.options;
  for (let attempt = 0;; attempt++) {
    await vacancy(cache, key, signal);
    try {
      const leadership = await claim(store, cache, key, value, ttl, signal);
      if (leadership) return leadership;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
    await delay(backoff(attempt, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, random()), signal);
    signal.throwIfAborted();
  }
}

/** Resolves when the cache shows nobody at the lock. */
async function vacancy(cache: Cache, key: string, signal: AbortSignal): Promise<void> {
  await cache.whenSynced(signal);
  const left = Promise.withResolvers<void>();
  const stop = new AbortController();
  const abort = () => left.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    cache.subscribe(({ snapshot }) => {
      if (!snapshot.get(key)) left.resolve();
    }, stop.signal);
    if (cache.snapshot().get(key)) await left.promise;
  } finally {
    stop.abort();
    signal.removeEventListener("abort", abort);
  }
}

/** One try: undefined when another was faster. */
async function claim(
  store: Store,
  cache: Cache,
  key: string,
  value: string,
  ttl: number,
  signal: AbortSignal,
): Promise<Leadership | undefined> {
  const lease = await keepLease(store, ttl, signal, cache.options);
  try {
    const { succeeded, revision } = await store.transact(
      [{ key, createRevision: 0 }],
      [{ type: "put", key, value, lease: lease.id }],
      { signal: AbortSignal.any([signal, lease.lost]) },
    );
    if (succeeded) {
      return {
        fence: { key, createRevision: revision },
        lost: AbortSignal.any([lease.lost, signal]),
        resign: () => lease.release(),
      };
    }
  } catch (error) {
    await lease.release();
    throw error;
  }
  await lease.release();
  return undefined;
}

/**
 * Work that one process of the cluster does at a time: whoever holds the lock does it until the lock is lost, then somebody else.
 * @module
 */
import type { Cache } from "./cache.ts";
import { campaign, type Leadership } from "./election.ts";
import { StateError } from "./error.ts";
import { LOCKS } from "./keys.ts";
import type { Plan } from "./plan.ts";
import type { Snapshot } from "./snapshot.ts";
import { type Store, StoreError } from "./store.ts";

/** Seconds and fractions that stores may take to notice that a lease is over: it is granted for that much less. */
const NOTICE_MS = 1_000;

export interface Candidacy {
  readonly store: Store;
  readonly cache: Cache;
  /** Below LOCKS: `netmaster/leader`. */
  readonly name: string;
  /** Who holds the lock, for people: `10.0.0.1:9999`. */
  readonly value: string;
  /** Milliseconds after the holder's death by which another does the work, 2 s at least; needs a store that is there. */
  readonly ttl: number;
  /** Called with the store's errors; nobody has to do anything about them. */
  readonly trouble?: (error: StoreError) => void;
}

/** What whoever is elected works with. */
export interface Mandate {
  /** Aborts when somebody else may hold the lock. */
  readonly signal: AbortSignal;
  /** The same decision, which can only be committed while the lock is held: even if this process has slept through its loss. */
  readonly fenced: <T>(decide: (snapshot: Snapshot) => Plan<T>) => (snapshot: Snapshot) => Plan<T>;
}

/**
 * Runs `work` whenever this process is elected, until `signal` aborts; `work` goes on until its mandate's signal aborts. Resolves when
 * `signal` has aborted, with the lock given back; rejects with what `work` rejects with, unless its mandate was over.
 */
export async function runElected(
  candidacy: Candidacy,
  work: (mandate: Mandate) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { store, cache, name, value, ttl } = candidacy;
  const key = LOCKS + name;
  while (!signal.aborted) {
    let leadership: Leadership;
    try {
      leadership = await campaign(store, cache, key, value, ttl - NOTICE_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    try {
      const mandate = await mandateOf(leadership, cache, key);
      await work(mandate);
    } catch (error) {
      if (!leadership.lost.aborted) throw error;
      if (error instanceof StoreError) candidacy.trouble?.(error);
    } finally {
      await leadership.resign();
    }
  }
}

/** Once the cache shows the lock as ours: `fenced` reads it there. */
async function mandateOf(leadership: Leadership, cache: Cache, key: string): Promise<Mandate> {
  const { fence, lost } = leadership;
  const createRevision = "createRevision" in fence ? fence.createRevision : 0;
  await cache.waitFor(createRevision, lost);
  const fenced: Mandate["fenced"] = (decide) => (snapshot) => {
    if (snapshot.get(key)?.createRevision !== createRevision) {
      throw new StateError("not-leader", `the lock ${key} is not held any more`);
    }
    const plan = decide(snapshot);
    return plan.operations.length === 0 ? plan : { ...plan, compares: [...plan.compares, fence] };
  };
  return { signal: lost, fenced };
}

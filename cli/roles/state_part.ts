/**
 * The process's one store and one cache of it, shared by everything in the process.
 * @module
 */
import type { Log } from "../../mod/agent/log.ts";
import { Cache, type CacheStatus } from "../../mod/state/cache.ts";
import { StateError } from "../../mod/state/error.ts";
import type { Plan } from "../../mod/state/plan.ts";
import { ROOT } from "../../mod/state/keys.ts";
import type { Snapshot } from "../../mod/state/snapshot.ts";
import { type Store, StoreError } from "../../mod/state/store.ts";
import { transact } from "../../mod/state/transact.ts";
import { delay, persist } from "./delay.ts";
import { openStore } from "./open_store.ts";
import type { Services } from "./services.ts";
import type { StoreSettings } from "./store_settings.ts";

/** How long a start waits to hear whether the store is there. */
const FIRST_WORD_MS = 1_000;

export interface State {
  readonly store: Store;
  /** Perhaps not read yet: `snapshot()` then throws StateError "not-synced". */
  readonly cache: Cache;
  readonly snapshot: () => Snapshot;
  /** Decides on a snapshot and commits; `snapshot()` has it when this resolves. */
  readonly commit: <T>(decide: (snapshot: Snapshot) => Plan<T>, signal: AbortSignal) => Promise<T>;
}

/**
 * Opens the store: a cluster's at once, whether its servers answer or not; a file however long that takes. A file that can never be
 * opened is an error at once. The log hears of it when the store goes away and comes back, not of every try.
 */
export async function startState(
  settings: StoreSettings,
  services: Services,
  log: Log,
  signal: AbortSignal,
): Promise<State> {
  if (settings.kind !== "embedded") {
    for (const warning of settings.warnings) log.warn("{warning}", { warning });
  }
  const store = await persist(() => openOrRefuse(settings), (error) => {
    if (error instanceof Unusable) throw error.cause;
    log.warn("The store cannot be opened yet: {error}", { error: String(error) });
  }, signal);
  services.add("store", () => store.close());
  const { promise: heard, resolve: hear } = Promise.withResolvers<void>();
  const cache = Cache.open(store, {
    prefix: ROOT,
    signal,
    random: Math.random,
    delay,
    now: Date.now,
    statusChanged: (status) => {
      logStatus(status, store.description, log);
      hear();
    },
    failed: (error) => logFailure(error, log),
  });
  await Promise.race([heard, delay(FIRST_WORD_MS, signal)]);
  signal.throwIfAborted();
  return {
    store,
    cache,
    snapshot: () => cache.snapshot(),
    commit: (decide, within) =>
      transact(store, cache, decide, {
        signal: within,
        random: Math.random,
        delay,
        domain: "endpoints",
      }),
  };
}

function logStatus(status: CacheStatus, store: string, log: Log): void {
  if (status.state === "synced") log.info("State is in {store}", { store });
  else {
    log.error(
      "The store {store} is away: {reason}. Reads show what was last seen, changes are refused, traffic goes on; trying again",
      { store, reason: status.reason },
    );
  }
}

/** Said once a record, and once for each change that a part of this process could not follow. */
function logFailure(error: unknown, log: Log): void {
  if (error instanceof StateError) {
    log.warn("A record is left aside: {error}", { error: error.message });
  } else {
    log.error("A change of the store was not followed: {error}", {
      error: error instanceof Error ? error.stack ?? error.message : String(error),
    });
  }
}

/** Wraps an error that no waiting mends. */
class Unusable extends Error {}

async function openOrRefuse(settings: StoreSettings): Promise<Store> {
  try {
    return await openStore(settings);
  } catch (error) {
    if (error instanceof StoreError && error.code === "unusable") {
      throw new Unusable("", { cause: error });
    }
    throw error;
  }
}

/**
 * The process's one store and one cache of it, shared by everything in the process.
 * @module
 */
import { openEmbeddedStore } from "../../drivers/store/embedded/embedded_store.ts";
import type { Log } from "../../mod/agent/log.ts";
import { Cache } from "../../mod/state/cache.ts";
import type { Plan } from "../../mod/state/plan.ts";
import { ROOT } from "../../mod/state/keys.ts";
import type { Snapshot } from "../../mod/state/snapshot.ts";
import { type Store, StoreError } from "../../mod/state/store.ts";
import { transact } from "../../mod/state/transact.ts";
import { delay, persist } from "./delay.ts";
import type { Services } from "./services.ts";
import type { StoreSettings } from "./settings.ts";

export interface State {
  readonly store: Store;
  readonly cache: Cache;
  readonly snapshot: () => Snapshot;
  /** Decides on a snapshot and commits; `snapshot()` has it when this resolves. */
  readonly commit: <T>(decide: (snapshot: Snapshot) => Plan<T>, signal: AbortSignal) => Promise<T>;
}

/** Opens the store, however long that takes; one that can never be opened is an error at once. */
export async function startState(
  settings: StoreSettings,
  services: Services,
  log: Log,
  signal: AbortSignal,
): Promise<State> {
  const store = await persist(() => openOrRefuse(settings.path), (error) => {
    if (error instanceof Unusable) throw error.cause;
    log.warn("The store cannot be opened yet: {error}", { error: String(error) });
  }, signal);
  services.add("store", () => store.close());
  const cache = await Cache.start(store, {
    prefix: ROOT,
    signal,
    random: Math.random,
    delay,
    now: Date.now,
  });
  log.info("State is in {store}", { store: store.description });
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

/** Wraps an error that no waiting mends. */
class Unusable extends Error {}

async function openOrRefuse(path: string): Promise<Store> {
  try {
    return await openEmbeddedStore({ path });
  } catch (error) {
    if (error instanceof StoreError && error.code === "unusable") {
      throw new Unusable("", { cause: error });
    }
    throw error;
  }
}

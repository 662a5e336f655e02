/**
 * From a decision to its commit: decide from a snapshot, commit, and when others were faster decide anew. The caller finds his own
 * write in the cache afterwards.
 * @module
 */
import type { Cache } from "./cache.ts";
import { Domain } from "./domain.ts";
import type { Plan } from "./plan.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Store } from "./store.ts";
import type { Timing } from "./timing.ts";

export interface TransactOptions<T = unknown> extends Partial<Timing> {
  /** The caller's deadline. When it passes during a commit, whether that was applied is unknown. */
  readonly signal: AbortSignal;
  /**
   * What the decision contends for (`endpoints`, say). Decisions of one domain and cache are made one on top of the other and committed
   * together, so that those made at the same time do not all pick the same address, and many cost one commit.
   */
  readonly domain?: string;
  /**
   * Told the result of each decision that is about to be committed: after a conflict there is another one, and the commit may fail. For
   * what may begin meanwhile and can be undone. Must not throw.
   */
  readonly decided?: (result: T) => void;
}

const domains = new WeakMap<Cache, Map<string, Domain>>();

/**
 * Commits what `decide` plans, and returns the plan's result; a plan without operations writes nothing. `decide` must be pure: it is
 * called again for each conflict. What it throws is thrown on, after it was thrown from a snapshot known to be current.
 *
 * Throws StateError "contended" when 50 attempts met other writers, StoreError "unavailable" or "timeout" when the outcome is unknown
 * (or nothing was tried), "invalid" for a plan that no store would take. Revisions in the snapshot that `decide` gets may be provisional:
 * use them in compares only.
 */
export function transact<T>(
  store: Store,
  cache: Cache,
  decide: (snapshot: Snapshot) => Plan<T>,
  options: TransactOptions<T>,
): Promise<T> {
  const timing: Timing = {
    random: options.random ?? cache.options.random,
    delay: options.delay ?? cache.options.delay,
  };
  const domain = options.domain === undefined
    ? new Domain(store, cache, timing)
    : domainOf(store, cache, options.domain, timing);
  return domain.run(decide, options.signal, options.decided);
}

function domainOf(store: Store, cache: Cache, name: string, timing: Timing): Domain {
  let named = domains.get(cache);
  if (!named) domains.set(cache, named = new Map());
  let domain = named.get(name);
  if (!domain) named.set(name, domain = new Domain(store, cache, timing));
  return domain;
}

/**
 * This host's claim to its label, kept for as long as the agent runs: the host's record and its registrations, under a lease. When the lease
 * is lost (the store was away, the process slept) it claims again; if another host has the label by then, it is lost for good.
 * @module
 */
import { claimHost, type HostClaim } from "../intent/host.ts";
import { type Fence, hostFence } from "../intent/host_fence.ts";
import { IntentError } from "../intent/error.ts";
import type { Cache } from "../state/cache.ts";
import { StateError } from "../state/error.ts";
import { keepLease } from "../state/leases.ts";
import { TTL_MS } from "../state/registration.ts";
import { type Store, StoreError } from "../state/store.ts";
import { aborted, backoff, type Timing } from "../state/timing.ts";
import { transact } from "../state/transact.ts";
import { AgentError } from "./error.ts";

const CLAIM_DEADLINE_MS = 10_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

export interface PresenceDeps extends Timing {
  readonly store: Store;
  readonly cache: Cache;
  readonly now: () => number;
  /** Called once when another host has taken the label: nothing may be done in its name any more. */
  readonly lost: (error: AgentError) => void;
}

export class HostPresence {
  readonly #stop = new AbortController();
  readonly #first = Promise.withResolvers<void>();
  #held = false;
  #trouble: string | undefined;
  #kept: Promise<void> = Promise.resolve();

  /** For every transaction that is made in this host's name. */
  readonly fenced: Fence;

  private constructor(private readonly deps: PresenceDeps, private readonly claim: HostClaim) {
    this.fenced = hostFence(claim);
  }

  /** Resolves when the label is this host's; rejects with AgentError "label-taken" when it is another's that runs. */
  static async claim(
    deps: PresenceDeps,
    claim: HostClaim,
    signal: AbortSignal,
  ): Promise<HostPresence> {
    const presence = new HostPresence(deps, claim);
    const abort = () => presence.#stop.abort(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      signal.throwIfAborted();
      presence.#kept = presence.#keep();
      await presence.#first.promise;
    } catch (error) {
      await presence.close();
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
    return presence;
  }

  /** Why other hosts may not hear of this one, or take it for gone; undefined when they do. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Withdraws the registrations: the host counts as down at once. Its record stays. */
  async close(): Promise<void> {
    this.#stop.abort(new DOMException("The agent is closing", "AbortError"));
    await this.#kept;
  }

  async #keep(): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.#hold(() => failures = 0);
      } catch (error) {
        if (signal.aborted) break;
        if (!this.#bear(error)) return;
        const pause = backoff(failures++, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, this.deps.random());
        await this.deps.delay(pause, signal);
      }
    }
    this.#first.reject(signal.reason);
  }

  /** Claims, and returns when the lease is over. */
  async #hold(held: () => void): Promise<void> {
    const { store, cache, random, delay, now } = this.deps;
    const { signal } = this.#stop;
    const lease = await keepLease(store, TTL_MS, signal, { random, delay });
    try {
      const over = AbortSignal.any([signal, lease.lost]);
      await transact(
        store,
        cache,
        (snapshot) => claimHost(snapshot, this.claim, { now: now(), lease: lease.id }),
        { signal: AbortSignal.any([over, AbortSignal.timeout(CLAIM_DEADLINE_MS)]), random, delay },
      );
      this.#held = true;
      this.#trouble = undefined;
      this.#first.resolve();
      held();
      await aborted(over);
    } finally {
      await lease.release();
    }
  }

  /** Whether to try again: a store comes back, a label that is another's is given up. */
  #bear(error: unknown): boolean {
    if (!(error instanceof IntentError)) {
      if (!(error instanceof StoreError || error instanceof StateError)) {
        this.#first.reject(error);
        throw error;
      }
      this.#trouble = `This host is not registered: ${error.message}`;
      return true;
    }
    const refusal = new AgentError("label-taken", `${error.message}: ${error.advice}`, {
      cause: error,
    });
    if (this.#held) this.deps.lost(refusal);
    this.#trouble = refusal.message;
    this.#first.reject(refusal);
    return false;
  }
}

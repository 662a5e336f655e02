/**
 * Keeps a lease alive for as long as its holder wants it, and says at once when it can no longer be relied on.
 * @module
 */
import { type LeaseId, type Store, StoreError } from "./store.ts";
import type { Timing } from "./timing.ts";

export interface KeptLease {
  readonly id: LeaseId;
  /** Aborts, with the reason, when the lease was not renewed for nearly its whole time, or is gone from the store. */
  readonly lost: AbortSignal;
  /** Stops renewing and revokes: the lease's keys are deleted. Never throws; what cannot be revoked now expires by itself. */
  release(): Promise<void>;
}

/** The part of a lease's time after which its holder no longer relies on it: clocks and timers of two machines are never exactly alike. */
const RELIANCE = 0.9;

/**
 * Grants a lease of `ttl` ms and renews it each third of that, until `signal` aborts (it then expires) or it is released.
 * Time is counted by `timing.delay`, from before the request was sent, so that `lost` aborts before another can hold the lease.
 */
export async function keepLease(
  store: Store,
  ttl: number,
  signal: AbortSignal,
  timing: Timing,
): Promise<KeptLease> {
  const lost = new AbortController();
  const done = new AbortController();
  const end = AbortSignal.any([signal, done.signal, lost.signal]);
  let watchdog = watch();
  let id: LeaseId;
  try {
    id = await store.grantLease(ttl, { signal: AbortSignal.any([signal, lost.signal]) });
  } catch (error) {
    done.abort();
    throw error;
  }
  const renewing = renew();
  return { id, lost: lost.signal, release };

  /** Declares the lease lost after nearly `ttl`, unless the returned controller is aborted before. */
  function watch(): AbortController {
    const renewed = new AbortController();
    const relevant = AbortSignal.any([end, renewed.signal]);
    void timing.delay(ttl * RELIANCE, relevant).then(() => {
      if (!relevant.aborted) lost.abort(leaseLost(`it was not renewed for ${ttl * RELIANCE} ms`));
    });
    return renewed;
  }

  async function renew(): Promise<void> {
    while (true) {
      await timing.delay(ttl / 3, end);
      if (end.aborted) return;
      const next = watch();
      try {
        await store.renewLease(id, { signal: end });
        watchdog.abort();
        watchdog = next;
      } catch (error) {
        next.abort();
        if (isGone(error)) lost.abort(leaseLost("the store does not know it any more", error));
        else if (!(error instanceof StoreError)) throw error;
        // Otherwise the store is away: the watchdog counts on, and the next third may succeed.
      }
    }
  }

  async function release(): Promise<void> {
    done.abort();
    await renewing;
    try {
      await store.revokeLease(id);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }
}

function isGone(error: unknown): boolean {
  return error instanceof StoreError && error.code === "lease-not-found";
}

function leaseLost(why: string, cause?: unknown): StoreError {
  return new StoreError("lease-not-found", `the lease was lost: ${why}`, { cause });
}

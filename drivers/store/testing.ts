/**
 * What tests of the state layer share: real time and real chance for a cache, and a reproducible chance.
 * @module
 */
import { Cache } from "../../mod/state/cache.ts";
import type { Store } from "../../mod/state/store.ts";
import type { Timing } from "../../mod/state/timing.ts";
import { delay } from "../delay.ts";

export const realTiming: Timing = { random: Math.random, delay };

/** Timing whose pauses take no time, so that a test of retries takes none; only the order of events remains. */
export const hurriedTiming: Timing = {
  random: Math.random,
  delay: (_, signal) => realTiming.delay(0, signal),
};

/** Runs `body` with a cache of the store, and ends the cache after it. */
export async function withCache(
  store: Store,
  body: (cache: Cache, signal: AbortSignal) => Promise<void>,
  options: { prefix?: string; timing?: Timing } = {},
): Promise<void> {
  const abort = new AbortController();
  const { signal } = abort;
  const { timing = realTiming, ...rest } = options;
  try {
    await body(await Cache.start(store, { ...timing, ...rest, signal }), signal);
  } finally {
    abort.abort();
    // The watch ends in its own turn; a test that ends before it would count it as a leak.
    await realTiming.delay(0, new AbortController().signal);
  }
}

/** Numbers 0 ≤ x < 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

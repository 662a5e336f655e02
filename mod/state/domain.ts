/**
 * The transactions of one contention domain, in order of arrival: all that wait are decided one on top of the other and committed as
 * one combination. While that is under way the next ones gather.
 * @module
 */
import type { Cache } from "./cache.ts";
import { Combination } from "./combine.ts";
import { StateError } from "./error.ts";
import type { Plan } from "./plan.ts";
import type { Snapshot } from "./snapshot.ts";
import { type Store, StoreError } from "./store.ts";
import { backoff, type Timing } from "./timing.ts";

const MAX_ATTEMPTS = 50;
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 100;
/** How long a revision's way into the cache may take. */
const CACHE_DEADLINE_MS = 10_000;

/** A transaction that somebody waits for, its result's type closed over. */
interface Request {
  readonly signal: AbortSignal;
  attempts: number;
  /** It was refused once, from a snapshot that may have been stale. */
  refused: boolean;
  decide(snapshot: Snapshot): Plan<unknown>;
  /** What was decided last is about to be committed. */
  decided(): void;
  /** Settles with the result of the last plan decided. */
  resolve(): void;
  reject(error: unknown): void;
}

export class Domain {
  readonly #queue: Request[] = [];
  #running = false;

  constructor(
    private readonly store: Store,
    private readonly cache: Cache,
    private readonly timing: Timing,
  ) {}

  run<T>(
    decide: (snapshot: Snapshot) => Plan<T>,
    signal: AbortSignal,
    decided: (result: T) => void = () => {},
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let plan: Plan<T> | undefined;
      const givenUp = () => reject(timeout(signal));
      if (signal.aborted) return givenUp();
      signal.addEventListener("abort", givenUp, { once: true });
      const settled = () => signal.removeEventListener("abort", givenUp);
      this.#queue.push({
        signal,
        attempts: 0,
        refused: false,
        decide: (snapshot) => plan = decide(snapshot),
        decided: () => plan && decided(plan.result),
        resolve: () => {
          settled();
          if (plan) resolve(plan.result);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      if (!this.#running) void this.#work();
    });
  }

  /** Each round settles at least one request, or counts an attempt of each that it takes. */
  async #work(): Promise<void> {
    this.#running = true;
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const waiting = this.#queue.splice(0).filter((request) => !request.signal.aborted);
      const again = await this.#round(waiting);
      this.#queue.unshift(...again);
    }
    this.#running = false;
  }

  /** Returns the requests that are to be decided again, in order. */
  async #round(requests: readonly Request[]): Promise<Request[]> {
    const first = requests.filter((request) => request.refused);
    if (first.length > 0 && !await this.#refresh(first)) {
      return requests.filter((request) => !request.refused);
    }
    // Who gave up during the refresh was told so, and would not undo what a decision begins.
    const waiting = [...first, ...requests.filter((request) => !request.refused)]
      .filter((request) => !request.signal.aborted);
    try {
      const { combination, joined, again } = this.#decide(waiting);
      for (const request of joined) request.decided();
      const left = await this.#commit(combination, joined);
      return [...left, ...again];
    } catch (error) {
      for (const request of requests) request.reject(error);
      return [];
    }
  }

  #decide(requests: readonly Request[]): {
    combination: Combination;
    joined: Request[];
    again: Request[];
  } {
    const combination = new Combination(this.cache.snapshot());
    const joined: Request[] = [];
    const again: Request[] = [];
    for (const request of requests) {
      try {
        const plan = request.decide(combination.view);
        this.cache.refuseUnreadable(plan.compares);
        const outcome = combination.join(plan);
        if (outcome === "joined") joined.push(request);
        else if (outcome === "full") again.push(request);
        else if (this.#mayRetry(request)) again.push(request);
      } catch (error) {
        // Final only when nothing uncommitted can have caused it, and the snapshot was refreshed after the first time.
        if (request.refused && combination.empty) request.reject(error);
        else again.push(request);
        request.refused = true;
      }
    }
    return { combination, joined, again };
  }

  /** Returns the requests that are to be decided again because others wrote in the meantime. */
  async #commit(combination: Combination, joined: readonly Request[]): Promise<Request[]> {
    if (!combination.empty) {
      try {
        const { compares, operations } = combination;
        const result = await this.store.transact(compares, operations);
        await this.#seen(result.revision);
        if (!result.succeeded) return await this.#conflict(joined);
      } catch (error) {
        for (const request of joined) request.reject(error);
        return [];
      }
    }
    for (const request of joined) request.resolve();
    return [];
  }

  async #conflict(requests: readonly Request[]): Promise<Request[]> {
    const again = requests.filter((request) => this.#mayRetry(request));
    const attempts = Math.max(0, ...again.map((request) => request.attempts));
    const pause = backoff(attempts, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, this.timing.random());
    await this.timing.delay(pause, this.cache.options.signal);
    return again;
  }

  #mayRetry(request: Request): boolean {
    if (++request.attempts < MAX_ATTEMPTS) return true;
    const message = `nothing was written, as others wrote first ${MAX_ATTEMPTS} times; try again`;
    request.reject(new StateError("contended", message));
    return false;
  }

  /** Brings the cache to the store's current revision; when that fails, rejects the requests with the reason and returns false. */
  async #refresh(requests: readonly Request[]): Promise<boolean> {
    const signal = AbortSignal.any([
      this.cache.options.signal,
      AbortSignal.timeout(CACHE_DEADLINE_MS),
    ]);
    try {
      await this.cache.refresh(signal);
      return true;
    } catch (error) {
      // Whoever waits knows the store's errors, not a signal's reason.
      const told = signal.aborted && !(error instanceof StoreError) ? timeout(signal) : error;
      for (const request of requests) request.reject(told);
      return false;
    }
  }

  /** A commit is a success even if the cache cannot follow now: its writer is told after the deadline, and not that it failed. */
  async #seen(revision: number): Promise<void> {
    if (this.cache.revision >= revision) return;
    const signal = AbortSignal.timeout(CACHE_DEADLINE_MS);
    try {
      await this.cache.waitFor(revision, signal);
    } catch (error) {
      if (!signal.aborted && !this.cache.options.signal.aborted) throw error;
    }
  }
}

function timeout(signal: AbortSignal): StoreError {
  return new StoreError("timeout", "the transaction was given up; it may have been applied", {
    cause: signal.reason,
  });
}

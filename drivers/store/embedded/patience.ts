/**
 * How long a call waits for other processes that hold the file, and for the disk: until its caller gives up, 10 s at most, without ever
 * blocking the event loop.
 * @module
 */
import { StoreError } from "../../../mod/state/store.ts";

const DEFAULT_DEADLINE_MS = 10_000;
const SHORTEST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 10;

export class Patience {
  readonly #end = performance.now() + DEFAULT_DEADLINE_MS;

  constructor(private readonly action: string, private readonly signal?: AbortSignal) {}

  /** The error to give up with, or undefined while there is patience left. */
  exhausted(): StoreError | undefined {
    if (!this.signal?.aborted && performance.now() < this.#end) return undefined;
    return this.#error();
  }

  /** What `work` comes to, unless patience ends before; then it throws, and `work` goes on unheard. */
  async during<T>(work: Promise<T>): Promise<T> {
    const { promise: end, reject } = Promise.withResolvers<never>();
    const giveUp = () => reject(this.#error());
    const timer = setTimeout(giveUp, this.#end - performance.now());
    this.signal?.addEventListener("abort", giveUp);
    try {
      return await Promise.race([work, end]);
    } finally {
      clearTimeout(timer);
      this.signal?.removeEventListener("abort", giveUp);
    }
  }

  #error(): StoreError {
    if (this.signal?.aborted) {
      return new StoreError("timeout", `could not ${this.action}: the caller gave up`, {
        cause: this.signal.reason,
      });
    }
    return new StoreError(
      "timeout",
      `could not ${this.action} within ${
        DEFAULT_DEADLINE_MS / 1000
      } s: another process holds the file, or the disk does not answer`,
    );
  }

  /** Of random length, so that waiting processes do not meet again. */
  static pause(): Promise<void> {
    const pause = SHORTEST_PAUSE_MS + Math.random() * (LONGEST_PAUSE_MS - SHORTEST_PAUSE_MS);
    return new Promise((resolve) => setTimeout(resolve, pause));
  }
}

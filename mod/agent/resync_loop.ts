/**
 * When to compare everything: at least once an interval, at once when an event says that the picture is stale, and with growing,
 * jittered pauses while something is wrong. It never spins: what fails again and again is looked at ever less often, down to the cap.
 * @module
 */
export interface ResyncLoopDeps {
  /** Compares and mends; false when something is still wrong. Must not throw. */
  readonly look: () => Promise<boolean>;
  /** Resolves after `milliseconds`, or when the signal aborts. */
  readonly delay: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
}

const INTERVAL_MS = 60_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;

export class ResyncLoop {
  #failures = 0;
  #asked = false;
  #pausing: AbortController | undefined;

  constructor(private readonly deps: ResyncLoopDeps) {}

  /** The picture is stale: look at once, or right after the look that goes on. */
  soon(): void {
    this.#asked = true;
    this.#pausing?.abort();
  }

  /** Something small went wrong: look again after a pause, sooner than the interval. */
  retry(): void {
    if (this.#failures) return;
    this.#failures = 1;
    this.#pausing?.abort();
  }

  /** Ends when `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (await this.#pause(signal)) continue;
      if (signal.aborted) return;
      this.#asked = false;
      const before = this.#failures;
      this.#failures = 0;
      if (!await this.deps.look()) this.#failures = before + 1;
    }
  }

  /** Returns true when a failure came up during the pause, which then has to be a shorter one. */
  async #pause(signal: AbortSignal): Promise<boolean> {
    if (this.#asked) return false;
    const failures = this.#failures;
    const backoff = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
    this.#pausing = new AbortController();
    await this.deps.delay(
      failures ? backoff * (0.5 + this.deps.random() / 2) : INTERVAL_MS,
      AbortSignal.any([signal, this.#pausing.signal]),
    );
    this.#pausing = undefined;
    return !this.#asked && this.#failures !== failures;
  }
}

/**
 * Time and chance as the state layer is given them, and waiting.
 * @module
 */
export interface Timing {
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  /** Resolves after `milliseconds`, or at once when the signal aborts. */
  readonly delay: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** The pause before retry number `attempt` (from 0): doubles from `first` to `longest` ms, of which a random half to whole is taken. */
export function backoff(attempt: number, first: number, longest: number, random: number): number {
  return Math.min(longest, first * 2 ** Math.min(attempt, 20)) * (0.5 + random / 2);
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/**
 * Waiting that ends: by the caller's signal or by a deadline, whichever is first.
 * @module
 */
import { SwitchError } from "../../mod/agent/switch.ts";

/** Runs `work` with a signal that aborts at the deadline; throws SwitchError "timeout" that names what did not come. */
export async function withDeadline<T>(
  what: string,
  milliseconds: number,
  signal: AbortSignal,
  work: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const limit = new AbortController();
  const abort = () => limit.abort(signal.reason);
  signal.addEventListener("abort", abort);
  const timer = setTimeout(
    () => limit.abort(new SwitchError("timeout", `${what} did not come within ${milliseconds} ms`)),
    milliseconds,
  );
  try {
    return await work(limit.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

/** Delays that double from `first` to `last`, each shortened at random by up to half, so that many hosts do not move in step. */
export class Backoff {
  #next: number;

  constructor(
    private readonly first: number,
    private readonly last: number,
    private readonly random: () => number = Math.random,
  ) {
    this.#next = first;
  }

  delay(): number {
    const delay = this.#next;
    this.#next = Math.min(this.#next * 2, this.last);
    return delay * (1 - this.random() / 2);
  }

  reset(): void {
    this.#next = this.first;
  }
}

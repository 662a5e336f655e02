/**
 * A flag to wait for: any number of reasons to do the same thing again come to doing it once.
 * @module
 */
export class Wake {
  #set = false;
  #resolve: (() => void) | undefined;

  set(): void {
    this.#set = true;
    this.#resolve?.();
  }

  /** Resolves once set since the last call, after `milliseconds`, or when `signal` aborts; tells whether it was set. */
  async wait(milliseconds: number, signal: AbortSignal): Promise<boolean> {
    if (!this.#set && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#resolve = resolve;
      const timer = setTimeout(resolve, milliseconds);
      const abort = () => resolve();
      signal.addEventListener("abort", abort, { once: true });
      await promise;
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      this.#resolve = undefined;
    }
    const set = this.#set;
    this.#set = false;
    return set;
  }
}

/**
 * Many small changes or one big look: shared holders run side by side, an exclusive holder runs alone and goes before later ones.
 * @module
 */
export class Gate {
  #shared = 0;
  #exclusive = 0;
  #tail: Promise<void> = Promise.resolve();
  #drained: (() => void) | undefined;

  /** Runs beside other shared work, never beside exclusive work. */
  async shared<T>(work: () => Promise<T>): Promise<T> {
    await this.#tail;
    return await this.#share(work);
  }

  /** As `shared`, but does nothing when exclusive work runs or waits: for work that must never wait for it. */
  ifShared<T>(work: () => Promise<T>): Promise<T> | undefined {
    return this.#exclusive > 0 ? undefined : this.#share(work);
  }

  /** Runs alone, in order of the calls. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    this.#exclusive++;
    const result = this.#tail.then(() => this.#whenDrained()).then(work)
      .finally(() => this.#exclusive--);
    this.#tail = result.then(() => {}, () => {});
    return result;
  }

  async #share<T>(work: () => Promise<T>): Promise<T> {
    this.#shared++;
    try {
      return await work();
    } finally {
      if (--this.#shared === 0) this.#drained?.();
    }
  }

  #whenDrained(): Promise<void> {
    if (this.#shared === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained = () => {
        this.#drained = undefined;
        resolve();
      };
    });
  }
}

/**
 * Many small changes or one big look: shared holders run side by side, an exclusive holder runs alone and goes before later ones.
 * @module
 */
export class Gate {
  #shared = 0;
  #tail: Promise<void> = Promise.resolve();
  #drained: (() => void) | undefined;

  /** Runs beside other shared work, never beside exclusive work. */
  async shared<T>(work: () => Promise<T>): Promise<T> {
    await this.#tail;
    this.#shared++;
    try {
      return await work();
    } finally {
      if (--this.#shared === 0) this.#drained?.();
    }
  }

  /** Runs alone, in order of the calls. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(() => this.#whenDrained()).then(work);
    this.#tail = result.then(() => {}, () => {});
    return result;
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

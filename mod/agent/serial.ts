/**
 * Lets asynchronous work run one piece at a time: in all, or for each key.
 * @module
 */

/** Runs what it is given in order; one that fails does not stop those after it. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** A Serial for each key, kept only while there is work for it. */
export class KeyedSerial {
  readonly #turns = new Map<string, { serial: Serial; pending: number }>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = this.#turns.get(key) ?? { serial: new Serial(), pending: 0 };
    this.#turns.set(key, turn);
    turn.pending++;
    try {
      return await turn.serial.run(work);
    } finally {
      if (--turn.pending === 0) this.#turns.delete(key);
    }
  }
}

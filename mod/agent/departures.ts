/**
 * Ports that are out of the database, but not out of ovs-vswitchd's hands: it closes a link only after an RCU grace period (~20 ms). Only
 * who wants such a port's name again has to wait for that, and the link, which must not vanish before.
 * @module
 */
export class Departures {
  readonly #leaving = new Map<string, Promise<void>>();

  /** `then` is called when `released` is settled, however; `of` resolves after that. Must not throw. */
  begin(port: string, released: Promise<void>, then: (error?: unknown) => void): void {
    const left = released.then(() => then(), then).finally(() => this.#leaving.delete(port));
    this.#leaving.set(port, left);
  }

  /** Resolves when nothing of that name is leaving. */
  of(port: string): Promise<void> {
    return this.#leaving.get(port) ?? Promise.resolve();
  }

  ports(): Iterable<string> {
    return this.#leaving.keys();
  }

  async all(): Promise<void> {
    await Promise.all(this.#leaving.values());
  }
}

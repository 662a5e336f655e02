/**
 * How often something was promised and not yet taken back. Bounded: the oldest are forgotten.
 * @module
 */
export class Tally {
  readonly #counts = new Map<string, number>();

  constructor(private readonly limit: number) {}

  add(key: string): void {
    const count = this.#counts.get(key) ?? 0;
    this.#counts.delete(key);
    this.#counts.set(key, count + 1);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > this.limit && oldest !== undefined) this.#counts.delete(oldest);
  }

  /** Whether there was one; it is one less. */
  take(key: string): boolean {
    const count = this.#counts.get(key);
    if (count === undefined) return false;
    if (count === 1) this.#counts.delete(key);
    else this.#counts.set(key, count - 1);
    return true;
  }
}

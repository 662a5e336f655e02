/**
 * Which groups (or meters) of which owner are in force, as this process knows it: the counterpart of FlowLedger for what has a number.
 * Two owners may pass a number on to each other: it then belongs to who set it last.
 * @module
 */

interface Numbered {
  readonly id: number;
}

export class NumberLedger<T extends Numbered> {
  readonly #applied = new Map<string, readonly T[]>();
  readonly #owner = new Map<number, string>();

  /** `format` gives equal texts for equal things. */
  constructor(private readonly format: (thing: T) => string) {}

  /** What has to be done for `owner` to have exactly `wanted`; what is to be set is its own from now on, as in FlowLedger. */
  change(owner: string, wanted: readonly T[]): { set: readonly T[]; remove: readonly number[] } {
    const before = this.#applied.get(owner) ?? [];
    if (before === wanted) return { set: [], remove: [] };
    const installed = new Map(before.map((thing) => [thing.id, thing]));
    const keep = new Set(wanted.map(({ id }) => id));
    const set = wanted.filter((thing) => !this.#isSame(installed.get(thing.id), thing));
    for (const { id } of set) this.#owner.set(id, owner);
    return {
      set,
      remove: [...installed.keys()].filter((id) => !keep.has(id) && this.#owner.get(id) === owner),
    };
  }

  /** Records that `owner`'s are `things`, after the switch has confirmed the change. */
  confirm(owner: string, things: readonly T[]): void {
    for (const { id } of this.#applied.get(owner) ?? []) {
      if (this.#owner.get(id) === owner) this.#owner.delete(id);
    }
    for (const { id } of things) this.#owner.set(id, owner);
    if (things.length) this.#applied.set(owner, things);
    else this.#applied.delete(owner);
  }

  /** Forgets everything: the switch lost it, or nobody knows. */
  clear(): void {
    this.#applied.clear();
    this.#owner.clear();
  }

  #isSame(a: T | undefined, b: T): boolean {
    return a !== undefined && (a === b || this.format(a) === this.format(b));
  }
}

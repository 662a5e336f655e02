/**
 * Records that are not JSON, which only a hand can have written. They are kept from everybody: one like that must not stop what does not
 * need it. Allocations and locks are left alone: that they exist says that something is taken, whatever is in them.
 * @module
 */
import { StateError } from "./error.ts";
import { ALLOCATIONS, LOCKS } from "./keys.ts";
import { parsed } from "./snapshot.ts";
import type { Compare, KeyValue, StoreEvent } from "./store.ts";

export class Unreadable {
  readonly #found = new Map<string, StateError>();

  constructor(private readonly report: (error: StateError) => void) {}

  /** One error a record, in the order of discovery. */
  get errors(): readonly StateError[] {
    return [...this.#found.values()];
  }

  /** The events to apply: without the puts of what cannot be read, so that such a record stays as it was last read. */
  sift(events: readonly StoreEvent[]): readonly StoreEvent[] {
    const broken = events.filter((event) => this.#note(event));
    return broken.length === 0 ? events : events.filter((event) => !broken.includes(event));
  }

  /** Takes in a list of all records: what is not in it any more is no trouble. */
  listed(items: readonly KeyValue[]): void {
    if (this.#found.size === 0) return;
    const there = new Set(items.map(({ key }) => key));
    for (const key of this.#found.keys()) if (!there.has(key)) this.#found.delete(key);
  }

  /** Throws StateError "unreadable" when one of the compares is about such a record: it can never hold. */
  refuse(compares: readonly Compare[]): void {
    if (this.#found.size === 0) return;
    for (const compare of compares) {
      const error = "key" in compare ? this.#found.get(compare.key) : undefined;
      if (error) throw error;
    }
  }

  /** Whether the event is the put of a record that cannot be read. */
  #note(event: StoreEvent): boolean {
    const key = event.type === "put" ? event.item.key : event.key;
    const error = event.type === "put" ? unreadable(event.item) : undefined;
    if (!error) {
      if (this.#found.size > 0) this.#found.delete(key);
      return false;
    }
    const known = this.#found.get(key)?.message === error.message;
    this.#found.set(key, error);
    if (!known) this.report(error);
    return true;
  }
}

function unreadable(item: KeyValue): StateError | undefined {
  if (item.key.startsWith(ALLOCATIONS) || item.key.startsWith(LOCKS)) return undefined;
  try {
    parsed(item);
    return undefined;
  } catch (error) {
    if (error instanceof StateError) return error;
    throw error;
  }
}

/**
 * Runs one piece of work a key at a time, and never twice for requests that one run can serve: a request made while the key's work
 * runs is served by the run after it, which sees everything that was true when the request was made.
 * @module
 */

interface Slot {
  current: Promise<void>;
  next?: Promise<void>;
}

export class KeyedWork {
  readonly #slots = new Map<string, Slot>();

  constructor(private readonly work: (key: string) => Promise<void>) {}

  /** Resolves, or rejects, with a run that starts after this call. */
  request(key: string): Promise<void> {
    const slot = this.#slots.get(key);
    if (!slot) return this.#start(key);
    slot.next ??= slot.current.then(() => this.#start(key), () => this.#start(key));
    return slot.next;
  }

  /** Whether work on the key runs or waits. */
  has(key: string): boolean {
    return this.#slots.has(key);
  }

  /** Resolves when nothing runs and nothing waits; failures were reported to those who asked. */
  async idle(): Promise<void> {
    while (this.#slots.size) {
      await Promise.allSettled([...this.#slots.values()].map((slot) => slot.next ?? slot.current));
    }
  }

  #start(key: string): Promise<void> {
    const slot: Slot = { current: this.work(key) };
    this.#slots.set(key, slot);
    const forget = () => {
      if (!slot.next && this.#slots.get(key) === slot) this.#slots.delete(key);
    };
    slot.current.then(forget, forget);
    return slot.current;
  }
}

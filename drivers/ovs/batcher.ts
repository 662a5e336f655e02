/**
 * Turns concurrent calls into few: what arrives while a batch is under way forms the next one. A batch that is refused is tried
 * again call by call, so that only the guilty one fails.
 * @module
 */

interface Waiting<Item> {
  readonly items: readonly Item[];
  readonly run: (items: readonly Item[]) => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Batcher<Item> {
  #queue: Waiting<Item>[] = [];
  #running = false;

  /**
   * `run` applies items in order, all or none. `isRefusal` tells an error that one of the items may have caused from one that
   * all share (the switch is gone).
   */
  constructor(
    private readonly run: (items: readonly Item[]) => Promise<void>,
    private readonly isRefusal: (error: unknown) => boolean,
  ) {}

  /** An abort before the item is under way withdraws it; after that the outcome is awaited, so that it is known. */
  submit(item: Item, signal: AbortSignal): Promise<void> {
    return this.#enqueue([item], this.run, signal);
  }

  /** Runs `work` while no batch is under way, in its turn. */
  async exclusive<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    let result: { readonly value: T } | undefined;
    await this.#enqueue([], async () => void (result = { value: await work() }), signal);
    if (!result) throw new Error("exclusive work resolved without running");
    return result.value;
  }

  #enqueue(
    items: readonly Item[],
    run: (items: readonly Item[]) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const withdraw = () => {
        const place = this.#queue.indexOf(waiting);
        if (place < 0) return;
        this.#queue.splice(place, 1);
        reject(signal.reason);
      };
      const done = () => signal.removeEventListener("abort", withdraw);
      const waiting: Waiting<Item> = {
        items,
        run,
        resolve: () => (done(), resolve()),
        reject: (error) => (done(), reject(error)),
      };
      signal.addEventListener("abort", withdraw);
      this.#queue.push(waiting);
      if (!this.#running) {
        this.#running = true;
        queueMicrotask(() => this.#drain());
      }
    });
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) await this.#runTogether(this.#takeNext());
    this.#running = false;
  }

  /** The longest run of ordinary calls, or one exclusive piece of work. */
  #takeNext(): Waiting<Item>[] {
    const end = this.#queue.findIndex((waiting) => waiting.run !== this.run);
    const count = end < 0 ? this.#queue.length : Math.max(end, 1);
    return this.#queue.splice(0, count);
  }

  async #runTogether(batch: readonly Waiting<Item>[]): Promise<void> {
    const [first] = batch;
    if (!first) return;
    try {
      await first.run(batch.flatMap((waiting) => waiting.items));
      for (const waiting of batch) waiting.resolve();
    } catch (error) {
      if (batch.length > 1 && this.isRefusal(error)) {
        for (const waiting of batch) await this.#runTogether([waiting]);
      } else for (const waiting of batch) waiting.reject(error);
    }
  }
}

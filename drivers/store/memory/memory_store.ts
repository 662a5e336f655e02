/**
 * The store in memory, for tests: the same semantics as the real ones, and deterministic, as time is the clock's that it is given.
 * @module
 */
import { effects, holds } from "../../../mod/state/evaluate.ts";
import { checkKey, checkPrefix, checkTransaction } from "../../../mod/state/limits.ts";
import {
  type CallOptions,
  type Compare,
  type KeyValue,
  type LeaseId,
  type ListResult,
  type MemberHealth,
  type Operation,
  type Revision,
  type Store,
  StoreError,
  type TransactionResult,
  type WatchBatch,
} from "../../../mod/state/store.ts";
import { Tree } from "../../../mod/state/tree.ts";
import { Bell } from "../../../mod/state/bell.ts";
import { type Clock, systemClock } from "./clock.ts";

interface Lease {
  readonly ttl: number;
  cancel: () => void;
}

export class MemoryStore implements Store {
  readonly description = "memory";
  #tree = Tree.EMPTY;
  #revision: Revision = 1;
  /** The oldest revision of the history; #history holds it and all later ones. */
  #oldest: Revision = 1;
  #history: WatchBatch[] = [];
  #leasesGranted = 0;
  readonly #leases = new Map<LeaseId, Lease>();
  readonly #bell = new Bell();
  #closed = false;

  constructor(private readonly clock: Clock = systemClock) {}

  async get(key: string, options?: CallOptions): Promise<KeyValue | undefined> {
    await this.#enter(options);
    checkKey(key);
    return this.#tree.get(key);
  }

  async list(prefix: string, options?: CallOptions): Promise<ListResult> {
    await this.#enter(options);
    checkPrefix(prefix);
    return { items: this.#tree.list(prefix), revision: this.#revision };
  }

  async transact(
    compares: readonly Compare[],
    operations: readonly Operation[],
    options?: CallOptions,
  ): Promise<TransactionResult> {
    await this.#enter(options);
    checkTransaction(compares, operations);
    const succeeded = compares.every((compare) => holds(compare, this.#tree));
    if (succeeded) {
      for (const operation of operations) {
        if (operation.type === "put" && operation.lease !== undefined) this.#lease(operation.lease);
      }
      this.#apply(operations);
    }
    return { succeeded, revision: this.#revision };
  }

  async *watch(prefix: string, from: Revision, signal: AbortSignal): AsyncIterable<WatchBatch> {
    checkPrefix(prefix);
    for (let next = from; !signal.aborted && !this.#closed;) {
      const news = this.#bell.next(signal);
      if (next < this.#oldest) {
        throw new StoreError("compacted", `revision ${next} is compacted; ${this.#oldest} is kept`);
      }
      for (const batch of this.#history.filter(({ revision }) => revision >= next)) {
        next = batch.revision + 1;
        const events = batch.events.filter((event) =>
          (event.type === "put" ? event.item.key : event.key).startsWith(prefix)
        );
        if (events.length > 0) yield { revision: batch.revision, events };
        if (signal.aborted) return;
      }
      if (next > this.#revision) await news;
    }
  }

  async grantLease(ttl: number, options?: CallOptions): Promise<LeaseId> {
    await this.#enter(options);
    const id = String(++this.#leasesGranted);
    this.#leases.set(id, { ttl, cancel: this.clock.after(ttl, () => this.#end(id)) });
    return id;
  }

  async renewLease(id: LeaseId, options?: CallOptions): Promise<void> {
    await this.#enter(options);
    const lease = this.#lease(id);
    lease.cancel();
    lease.cancel = this.clock.after(lease.ttl, () => this.#end(id));
  }

  async revokeLease(id: LeaseId, options?: CallOptions): Promise<void> {
    await this.#enter(options);
    this.#lease(id).cancel();
    this.#end(id);
  }

  async compact(revision: Revision, options?: CallOptions): Promise<void> {
    await this.#enter(options);
    if (revision > this.#revision) {
      throw new StoreError("invalid", `revision ${revision} is in the future`);
    }
    this.#oldest = Math.max(this.#oldest, revision);
    this.#history = this.#history.filter((batch) => batch.revision >= this.#oldest);
    this.#bell.ring();
  }

  health(): Promise<readonly MemberHealth[]> {
    const closed = { healthy: false, detail: "the store is closed" };
    return Promise.resolve([{
      endpoint: "memory",
      ...(this.#closed ? closed : { healthy: true }),
    }]);
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const lease of this.#leases.values()) lease.cancel();
    this.#bell.ring();
    return Promise.resolve();
  }

  /** As with a real store, a call always gives way to others before it takes effect. */
  async #enter(options?: CallOptions): Promise<void> {
    await Promise.resolve();
    if (options?.signal?.aborted) {
      throw new StoreError("timeout", "the call was given up", { cause: options.signal.reason });
    }
    if (this.#closed) throw new StoreError("unavailable", "the store is closed");
  }

  #lease(id: LeaseId): Lease {
    const lease = this.#leases.get(id);
    if (!lease) throw new StoreError("lease-not-found", `the lease ${id} has expired`);
    return lease;
  }

  #end(id: LeaseId): void {
    this.#leases.delete(id);
    const held = this.#tree.list("").filter((item) => item.lease === id);
    this.#apply(held.map(({ key }) => ({ type: "delete", key })));
  }

  #apply(operations: readonly Operation[]): void {
    const revision = this.#revision + 1;
    const events = effects(operations, this.#tree, revision);
    if (events.length === 0) return;
    this.#revision = revision;
    this.#tree = this.#tree.with(events);
    this.#history.push({ revision, events });
    this.#bell.ring();
  }
}

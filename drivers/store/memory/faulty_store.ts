/**
 * Any store with the faults of a network and a server between it and its user, as a test dictates them.
 * @module
 */
import { messageOf } from "../../../mod/state/message_of.ts";
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

export type CallName =
  | "get"
  | "list"
  | "transact"
  | "watch"
  | "grantLease"
  | "renewLease"
  | "revokeLease"
  | "compact"
  | "health";

export interface Fault {
  /** The request waits for this before it reaches the store. */
  readonly delay?: Promise<void>;
  /** The reply, made in time, waits for this on its way back. */
  readonly late?: Promise<void>;
  /** The request never reaches the store, or its reply never comes back: "unavailable" either way, as the caller cannot tell. */
  readonly lose?: "request" | "reply";
}

export class FaultyStore implements Store {
  #connection = new AbortController();

  /** `decide` is asked before every call (a watch: before it begins); undefined lets it pass. */
  constructor(
    private readonly inner: Store,
    private readonly decide: (call: CallName) => Fault | undefined = () => undefined,
  ) {}

  get description(): string {
    return `${this.inner.description} with faults`;
  }

  /** Every running watch throws "unavailable", perhaps before it delivered all there was. */
  disconnectWatches(): void {
    this.#connection.abort();
    this.#connection = new AbortController();
  }

  get(key: string, options?: CallOptions): Promise<KeyValue | undefined> {
    return this.#call("get", () => this.inner.get(key, options));
  }

  list(prefix: string, options?: CallOptions): Promise<ListResult> {
    return this.#call("list", () => this.inner.list(prefix, options));
  }

  transact(
    compares: readonly Compare[],
    operations: readonly Operation[],
    options?: CallOptions,
  ): Promise<TransactionResult> {
    return this.#call("transact", () => this.inner.transact(compares, operations, options));
  }

  async *watch(prefix: string, from: Revision, signal: AbortSignal): AsyncIterable<WatchBatch> {
    await this.#call("watch", () => Promise.resolve());
    const connection = this.#connection.signal;
    for await (
      const batch of this.inner.watch(prefix, from, AbortSignal.any([signal, connection]))
    ) {
      if (connection.aborted) break;
      yield batch;
    }
    if (connection.aborted && !signal.aborted) throw lost("watch");
  }

  grantLease(ttl: number, options?: CallOptions): Promise<LeaseId> {
    return this.#call("grantLease", () => this.inner.grantLease(ttl, options));
  }

  renewLease(lease: LeaseId, options?: CallOptions): Promise<void> {
    return this.#call("renewLease", () => this.inner.renewLease(lease, options));
  }

  revokeLease(lease: LeaseId, options?: CallOptions): Promise<void> {
    return this.#call("revokeLease", () => this.inner.revokeLease(lease, options));
  }

  compact(revision: Revision, options?: CallOptions): Promise<void> {
    return this.#call("compact", () => this.inner.compact(revision, options));
  }

  async health(options?: CallOptions): Promise<readonly MemberHealth[]> {
    const members = await this.inner.health(options);
    try {
      return await this.#call("health", () => Promise.resolve(members));
    } catch (error) {
      return members.map(({ endpoint }) => ({
        endpoint,
        healthy: false,
        detail: messageOf(error),
      }));
    }
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  async #call<T>(name: CallName, run: () => Promise<T>): Promise<T> {
    const fault = this.decide(name);
    await fault?.delay;
    if (fault?.lose === "request") throw lost(name);
    const result = await run();
    if (fault?.late) await fault.late;
    if (fault?.lose === "reply") throw lost(name);
    return result;
  }
}

function lost(call: CallName): StoreError {
  return new StoreError("unavailable", `the connection was lost during ${call}`);
}

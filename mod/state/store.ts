/**
 * The store that all state lives in, with etcd v3's semantics. Everything above is written once, against this interface;
 * drivers/store implements it (embedded SQLite, memory, etcd, Consul) and one conformance suite holds them to it.
 * @module
 */

/**
 * A point in the history of the whole store: every successful transaction that wrote makes exactly one new revision,
 * larger than all before it, and all of its writes carry it. A safe integer.
 */
export type Revision = number;

/** An opaque lease handle, meaningful only to the store that granted it. */
export type LeaseId = string;

export interface KeyValue {
  readonly key: string;
  readonly value: string;
  /** The revision that created the key (again, after a deletion). */
  readonly createRevision: Revision;
  /** The revision of the last write to the key. */
  readonly modRevision: Revision;
  /** Number of writes since creation; 1 for a new key. */
  readonly version: number;
  /** The lease that the key disappears with. */
  readonly lease?: LeaseId;
}

/** A condition of a transaction. All must hold, or nothing is written. */
export type Compare =
  /** The key's last write was `modRevision`; 0: the key is absent. */
  | { readonly key: string; readonly modRevision: Revision }
  /** The key has existed without a break since `createRevision`, whatever was written to it; 0: the key is absent. */
  | { readonly key: string; readonly createRevision: Revision }
  | { readonly key: string; readonly value: string }
  /**
   * No key that starts with `prefix` was created or modified after `unchangedSince` (0: no such key exists).
   * Deletions go unseen, as in etcd: use it to assert that nothing was added.
   */
  | { readonly prefix: string; readonly unchangedSince: Revision };

/** One write of a transaction. A transaction names a key at most once. */
export type Operation =
  | { readonly type: "put"; readonly key: string; readonly value: string; readonly lease?: LeaseId }
  /** Deleting an absent key is not an error and, alone, makes no revision. */
  | { readonly type: "delete"; readonly key: string };

export interface TransactionResult {
  /** Whether every compare held, and so whether the operations were applied. */
  readonly succeeded: boolean;
  /** The store's revision after the transaction (also when it did not succeed). */
  readonly revision: Revision;
}

export interface ListResult {
  /** Sorted by key, bytewise. */
  readonly items: readonly KeyValue[];
  /** The revision that the list is a snapshot of. */
  readonly revision: Revision;
}

export type StoreEvent =
  | { readonly type: "put"; readonly item: KeyValue; readonly revision: Revision }
  | { readonly type: "delete"; readonly key: string; readonly revision: Revision };

/** All events of one revision under the watched prefix, never split over two batches. */
export interface WatchBatch {
  readonly revision: Revision;
  readonly events: readonly StoreEvent[];
}

/** Every call takes a deadline by its signal; without one the driver's own default (10 s) applies. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** One member (an endpoint, a file) that the store is made of, as it is right now. */
export interface MemberHealth {
  /** The configured address or path, without credentials. */
  readonly endpoint: string;
  /** Whether it answers, and can serve reads and writes. */
  readonly healthy: boolean;
  /** Why it is not healthy, or what is worth knowing about it. */
  readonly detail?: string;
}

export interface Store {
  /** What the store is, for logs, doctor and errors. Never contains credentials. */
  readonly description: string;

  get(key: string, options?: CallOptions): Promise<KeyValue | undefined>;
  list(prefix: string, options?: CallOptions): Promise<ListResult>;
  /** Linearizable, all or nothing. At most 128 compares and 128 operations. */
  transact(
    compares: readonly Compare[],
    operations: readonly Operation[],
    options?: CallOptions,
  ): Promise<TransactionResult>;

  /**
   * Every change under `prefix` from revision `from` on (inclusive), in order, without gap or repetition.
   * Ends when `signal` aborts. Throws StoreError "compacted" when `from` is no longer in the history,
   * "unavailable" when the connection is lost for good; the caller then lists again.
   */
  watch(prefix: string, from: Revision, signal: AbortSignal): AsyncIterable<WatchBatch>;

  /** Grants a lease that expires `ttl` milliseconds after its last renewal. */
  grantLease(ttl: number, options?: CallOptions): Promise<LeaseId>;
  /** Throws StoreError "lease-not-found" when it has expired. */
  renewLease(lease: LeaseId, options?: CallOptions): Promise<void>;
  /** Ends the lease and deletes its keys in one revision. */
  revokeLease(lease: LeaseId, options?: CallOptions): Promise<void>;

  /** Forgets history before `revision`; current values stay. */
  compact(revision: Revision, options?: CallOptions): Promise<void>;
  /**
   * Asks every member by itself, each once. Never throws for a member that is away: that is the answer. Does not hide one dead member
   * behind those that still serve, as the other calls do.
   */
  health(options?: CallOptions): Promise<readonly MemberHealth[]>;
  close(): Promise<void>;
}

export type StoreErrorCode =
  /** Not reachable, or not writable now; the same call may work later. Whether a transaction was applied is unknown. */
  | "unavailable"
  /** The deadline passed; whether a transaction was applied is unknown. */
  | "timeout"
  | "compacted"
  | "lease-not-found"
  /** The store's file or credentials cannot be used at all: a person has to act. */
  | "unusable"
  /** The request breaks the interface's own limits. */
  | "invalid";

export class StoreError extends Error {
  override readonly name = "StoreError";
  constructor(readonly code: StoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
  }
}

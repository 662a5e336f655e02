/**
 * The store of one machine: an SQLite file that every process of the machine may open. What was acknowledged, or read, survives SIGKILL
 * and power cuts; watchers in other processes hear of it within milliseconds.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { Bell } from "../../../mod/state/bell.ts";
import { checkKey, checkPrefix, checkTransaction } from "../../../mod/state/limits.ts";
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
import { type BootClock, bootClock } from "./boot_clock.ts";
import { CommitWatch } from "./commit_watch.ts";
import { Durability, type OpenLog } from "./durability.ts";
import { FileIdentity } from "./file_identity.ts";
import { GroupCommit } from "./group_commit.ts";
import { Log } from "./log.ts";
import { openDatabase } from "./open_database.ts";
import { Patience } from "./patience.ts";
import { isBusy, storeError } from "./sqlite_error.ts";

export interface EmbeddedStoreOptions {
  /** The file; made, with its directory, when absent. On a local file system: WAL needs shared memory. */
  readonly path: string;
  readonly signal?: AbortSignal;
  readonly clock?: BootClock;
  /** Opens the write-ahead log, to sync it. */
  readonly openLog?: OpenLog;
  /** How many revisions of history are kept for watchers that fall behind. */
  readonly keepRevisions?: number;
}

const KEEP_REVISIONS = 10_000;
/** Revisions that one commit forgets at most, plus itself, so that compaction never takes long. */
const COMPACTION_STEP = 500;

/** Throws StoreError "unusable" when the file cannot be used at all. */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<Store> {
  const database = await openDatabase(options.path, options.signal);
  try {
    return new EmbeddedStore(
      database,
      options,
      await Durability.open(database, options.path, options.openLog),
    );
  } catch (error) {
    database.close();
    throw error;
  }
}

class EmbeddedStore implements Store {
  readonly description: string;
  readonly #log: Log;
  readonly #writes: GroupCommit;
  readonly #commits: CommitWatch;
  readonly #bell = new Bell();
  readonly #file: FileIdentity;
  readonly #keep: number;
  /** The revision of the last commit. */
  #newest: Revision = 0;
  #closed = false;

  constructor(
    private readonly database: DatabaseSync,
    private readonly options: EmbeddedStoreOptions,
    private readonly durability: Durability,
  ) {
    this.description = `embedded store ${options.path}`;
    this.#keep = options.keepRevisions ?? KEEP_REVISIONS;
    this.#file = new FileIdentity(options.path);
    this.#log = new Log(database, options.clock ?? bootClock());
    this.#writes = new GroupCommit(database, {
      ready: () => durability.restore(),
      beforeCommit: () => this.#beforeCommit(),
      sync: () => durability.sync(this.#newest),
      onCommit: () => this.#bell.ring(),
      asError: (error) => storeError(error, "write to", options.path),
    });
    this.#commits = new CommitWatch(
      database,
      options.path,
      () => this.#bell.ring(),
      () => this.#tick(),
    );
  }

  async get(key: string, options?: CallOptions): Promise<KeyValue | undefined> {
    checkKey(key);
    return await this.#read(() => this.#log.get(key), options?.signal);
  }

  async list(prefix: string, options?: CallOptions): Promise<ListResult> {
    checkPrefix(prefix);
    return await this.#read(() => this.#log.list(prefix), options?.signal);
  }

  async transact(
    compares: readonly Compare[],
    operations: readonly Operation[],
    options?: CallOptions,
  ): Promise<TransactionResult> {
    checkTransaction(compares, operations);
    return await this.#write(() => this.#log.transact(compares, operations), options);
  }

  async *watch(prefix: string, from: Revision, signal: AbortSignal): AsyncIterable<WatchBatch> {
    checkPrefix(prefix);
    for (let next = from; !signal.aborted && !this.#closed;) {
      const news = this.#bell.next(signal);
      const slice = await this.#read(() => this.#log.history(prefix, next));
      for (const batch of slice.batches) {
        yield batch;
        if (signal.aborted) return;
      }
      next = slice.next;
      if (slice.end) await news;
    }
  }

  grantLease(ttl: number, options?: CallOptions): Promise<LeaseId> {
    return this.#write(() => this.#log.grantLease(ttl), options);
  }

  renewLease(lease: LeaseId, options?: CallOptions): Promise<void> {
    return this.#write(() => this.#log.renewLease(lease), options);
  }

  revokeLease(lease: LeaseId, options?: CallOptions): Promise<void> {
    return this.#write(() => this.#log.revokeLease(lease), options);
  }

  compact(revision: Revision, options?: CallOptions): Promise<void> {
    return this.#write(() => this.#log.compact(revision), options);
  }

  async health(options?: CallOptions): Promise<readonly MemberHealth[]> {
    const endpoint = this.options.path;
    try {
      await this.#read(() => this.#log.revision, options?.signal);
      return [{ endpoint, healthy: true }];
    } catch (error) {
      return [{ endpoint, healthy: false, detail: messageOf(error) }];
    }
  }

  /** What was submitted before is committed first. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#commits.close();
    this.#bell.ring();
    await this.#writes.idle();
    await this.durability.close();
    this.database.close();
  }

  async #write<T>(run: () => T, options?: CallOptions): Promise<T> {
    this.#checkOpen();
    const patience = new Patience(`write to ${this.options.path}`, options?.signal);
    const error = patience.exhausted();
    if (error) throw error;
    return await patience.during(this.#writes.submit(run, patience));
  }

  /** Runs `look` on one state of the file, and resolves when that state survives a power cut, whoever has written it. */
  async #read<T>(look: () => T, signal?: AbortSignal): Promise<T> {
    const patience = new Patience(`read ${this.options.path}`, signal);
    while (true) {
      const error = patience.exhausted();
      if (error) throw error;
      this.#checkOpen();
      this.#file.check();
      const seen = this.#look(look);
      if (seen) {
        await patience.during(this.durability.reach(seen.revision));
        return seen.of;
      }
      await Patience.pause();
    }
  }

  /** Undefined: another process is in the way. */
  #look<T>(look: () => T): { of: T; revision: Revision } | undefined {
    try {
      return this.#inTransaction(() => ({ of: look(), revision: this.#log.revision }));
    } catch (error) {
      if (isBusy(error)) return undefined;
      throw storeError(error, "read", this.options.path);
    }
  }

  #inTransaction<T>(look: () => T): T {
    this.database.exec("BEGIN");
    try {
      return look();
    } finally {
      if (this.database.isTransaction) this.database.exec("COMMIT");
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoreError("unavailable", `the ${this.description} is closed`);
  }

  #beforeCommit(): void {
    this.#file.check();
    this.#newest = this.#log.revision;
    this.#compactOld(this.#newest);
  }

  #compactOld(revision: Revision): void {
    const oldest = this.#log.oldest;
    if (revision - oldest < this.#keep + COMPACTION_STEP) return;
    this.#log.compact(Math.min(revision - this.#keep, oldest + 2 * COMPACTION_STEP));
  }

  /**
   * Any process that has the file open ends leases, whoever was granted them; the next tick tries again what fails now. Watchers are
   * woken when the file is gone, so that they end.
   */
  async #tick(): Promise<void> {
    try {
      this.#file.check();
      if (!this.#log.hasExpiredLeases) return;
      await this.#write(() => this.#log.expireLeases());
    } catch (error) {
      const known = storeError(error, "expire leases in", this.options.path);
      if (!(known instanceof StoreError)) throw error;
      this.#bell.ring();
    }
  }
}

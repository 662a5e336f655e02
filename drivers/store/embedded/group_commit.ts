/**
 * Writes that are submitted in one turn of the event loop, or while others are being made durable, share one commit, and so one fsync.
 * Each still succeeds or fails by itself, in order of submission; only a commit that fails takes all of its writes with it, and then none
 * is in the file, and a sync that fails leaves open what becomes of them.
 * @module
 */
import { setImmediate } from "node:timers";
import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "../../../mod/state/store.ts";
import { Patience } from "./patience.ts";
import { isBusy } from "./sqlite_error.ts";

interface Write {
  readonly patience: Patience;
  /** Throws StoreError, and only before it wrote anything, to be refused alone. */
  readonly run: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface CommitSteps {
  /** Resolves when writing may begin; when it rejects nothing is written. */
  ready(): Promise<void>;
  /** Within the transaction, after the writes. */
  beforeCommit(): void;
  /** Resolves when all that is committed is durable. */
  sync(): Promise<void>;
  /** Something was committed, its sync has ended, well or not, and the writes' promises are settled. */
  onCommit(): void;
  /** Puts SQLite's errors into the store's terms. */
  asError(error: unknown): unknown;
}

export class GroupCommit {
  #queue: Write[] = [];
  #flushing: Promise<void> | undefined;

  constructor(private readonly database: DatabaseSync, private readonly steps: CommitSteps) {}

  submit<T>(run: () => T, patience: Patience): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let value: { readonly of: T } | undefined;
      this.#queue.push({
        patience,
        run: () => void (value = { of: run() }),
        resolve: () => value && resolve(value.of),
        reject,
      });
      this.#flushing ??= this.#flush();
    });
  }

  /** Resolves when nothing is queued any more. */
  async idle(): Promise<void> {
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const busy = await this.#commit();
      const patient: Write[] = [];
      for (const write of this.#queue) {
        const error = write.patience.exhausted();
        if (error) write.reject(error);
        else patient.push(write);
      }
      this.#queue = patient;
      if (busy) await Patience.pause();
    }
    this.#flushing = undefined;
  }

  /** Commits all that is queued; resolves to whether it is to be tried again because another process writes. */
  async #commit(): Promise<boolean> {
    try {
      await this.steps.ready();
      this.database.exec("BEGIN IMMEDIATE");
    } catch (error) {
      if (isBusy(error)) return true;
      for (const write of this.#queue.splice(0)) write.reject(this.steps.asError(error));
      return false;
    }
    const writes = this.#queue.splice(0).filter((write) => {
      const error = write.patience.exhausted();
      if (error) write.reject(error);
      return !error;
    });
    const settle = this.#apply(writes);
    if (!settle) return false;
    try {
      await this.steps.sync();
      for (const each of settle) each();
    } catch (error) {
      for (const write of writes) write.reject(this.steps.asError(error));
    }
    this.steps.onCommit();
    return false;
  }

  /** Returns what tells each author of the outcome, once that is durable; undefined when nothing was committed, of which all are told. */
  #apply(writes: readonly Write[]): (() => void)[] | undefined {
    try {
      const settle = writes.map((write) => this.#run(write));
      this.steps.beforeCommit();
      this.database.exec("COMMIT");
      return settle;
    } catch (error) {
      if (this.database.isTransaction) this.database.exec("ROLLBACK");
      for (const write of writes) write.reject(this.steps.asError(error));
      return undefined;
    }
  }

  /** Returns what tells the author of the outcome, once that is durable. */
  #run(write: Write): () => void {
    try {
      write.run();
      return write.resolve;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return () => write.reject(error);
    }
  }
}

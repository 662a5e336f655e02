/**
 * A transaction while it is being decided: writes are guarded by the revision that they were decided from, and read back.
 * @module
 */
import { type Plan, put, remove } from "../state/plan.ts";
import { decode, type Snapshot } from "../state/snapshot.ts";
import type { Compare, Operation } from "../state/store.ts";

export class Draft {
  readonly #compares = new Map<string, Compare>();
  readonly #writes = new Map<string, { value: unknown } | undefined>();

  constructor(readonly snapshot: Snapshot) {}

  /** The record as this transaction leaves it; undefined when absent. */
  read<T>(key: string): T | undefined {
    if (this.#writes.has(key)) return this.#writes.get(key)?.value as T | undefined;
    const item = this.snapshot.get(key);
    return item && decode<T>(item);
  }

  /** The transaction fails when the record was written, made or deleted since the snapshot. */
  guard(key: string): void {
    const modRevision = this.snapshot.get(key)?.modRevision ?? 0;
    this.#compares.set(key, { key, modRevision });
  }

  /** The transaction fails when the record was deleted (or made) since the snapshot; changes to it do not matter. */
  guardExistence(key: string): void {
    if (this.#compares.has(key)) return;
    const createRevision = this.snapshot.get(key)?.createRevision ?? 0;
    this.#compares.set(key, { key, createRevision });
  }

  /** The transaction fails when anything was made or changed under the prefix since the snapshot. */
  guardAdditions(prefix: string): void {
    const unchangedSince = this.snapshot.revision;
    this.#compares.set(`prefix ${prefix}`, { prefix, unchangedSince });
  }

  put(key: string, value: unknown): void {
    this.guard(key);
    this.#writes.set(key, { value });
  }

  remove(key: string): void {
    if (this.snapshot.get(key) === undefined) {
      this.#writes.delete(key);
      return;
    }
    this.guard(key);
    this.#writes.set(key, undefined);
  }

  plan<T>(result: T): Plan<T> {
    const operations: Operation[] = [];
    for (const [key, write] of this.#writes) {
      operations.push(write ? put(key, write.value) : remove(key));
    }
    return { compares: [...this.#compares.values()], operations, result };
  }
}

/**
 * The store's semantics on the tables, each statement prepared once. Synchronous; to be called within a transaction of the database.
 * @module
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { effects, holds } from "../../../mod/state/evaluate.ts";
import { prefixEnd } from "../../../mod/state/key_order.ts";
import {
  type Compare,
  type KeyValue,
  type LeaseId,
  type ListResult,
  type Operation,
  type Revision,
  StoreError,
  type StoreEvent,
  type TransactionResult,
  type WatchBatch,
} from "../../../mod/state/store.ts";
import type { BootClock } from "./boot_clock.ts";

type Row = Record<string, SQLOutputValue>;

/** Above every key: no key has a character beyond U+10FFFF, or is longer than this. */
const AFTER_ALL_KEYS = "\u{10ffff}".repeat(257);
/** Revisions that one look at the history reads at most, so that it stays short. */
const SLICE = 1_000;

export class Log {
  readonly #statements = new Map<string, StatementSync>();

  constructor(private readonly database: DatabaseSync, private readonly clock: BootClock) {}

  /** 1 when nothing was ever written. The newest revision's entries are never compacted. */
  get revision(): Revision {
    return Number(this.#row("SELECT max(revision) AS revision FROM log")?.revision ?? 1);
  }

  /** The first revision of the history that is whole. */
  get oldest(): Revision {
    return Number(this.#row("SELECT oldest FROM history")?.oldest);
  }

  get(key: string): KeyValue | undefined {
    const row = this.#row(
      "SELECT log.* FROM current JOIN log ON log.id = current.entry WHERE current.key = ?",
      key,
    );
    return row && itemOf(row);
  }

  list(prefix: string): ListResult {
    const rows = this.#rows(
      `SELECT log.* FROM current JOIN log ON log.id = current.entry
       WHERE current.key >= ? AND current.key < ? ORDER BY current.key`,
      ...range(prefix),
    );
    return { items: rows.map(itemOf), revision: this.revision };
  }

  /** Throws StoreError "lease-not-found" before anything is written. */
  transact(compares: readonly Compare[], operations: readonly Operation[]): TransactionResult {
    const succeeded = compares.every((compare) => this.#holds(compare));
    if (succeeded) {
      for (const operation of operations) {
        if (operation.type === "put" && operation.lease !== undefined) this.#ttl(operation.lease);
      }
      this.#apply(operations);
    }
    return { succeeded, revision: this.revision };
  }

  /** The events under `prefix` from revision `from` on, at most a slice; `next` is where to go on. Throws StoreError "compacted". */
  history(prefix: string, from: Revision): { batches: WatchBatch[]; next: Revision; end: boolean } {
    const { oldest, revision } = this;
    if (from < oldest) {
      throw new StoreError("compacted", `revision ${from} is compacted; ${oldest} is kept`);
    }
    const next = Math.max(from, Math.min(from + SLICE, revision + 1));
    const rows = this.#rows(
      `SELECT * FROM log INDEXED BY log_revision
       WHERE revision >= ? AND revision < ? AND key >= ? AND key < ? ORDER BY revision, id`,
      from,
      next,
      ...range(prefix),
    );
    const byRevision = Map.groupBy(rows.map(eventOf), (event) => event.revision);
    const batches = Array.from(byRevision, ([revision, events]) => ({ revision, events }));
    return { batches, next, end: next > revision };
  }

  grantLease(ttl: number): LeaseId {
    const { lastInsertRowid } = this.#statement(
      "INSERT INTO lease (ttl, boot, expires) VALUES (?, ?, ?)",
    ).run(ttl, this.clock.boot, this.clock.now() + ttl);
    return String(lastInsertRowid);
  }

  renewLease(id: LeaseId): void {
    this.#statement("UPDATE lease SET expires = ? WHERE id = ?")
      .run(this.clock.now() + this.#ttl(id), id);
  }

  revokeLease(id: LeaseId): void {
    this.#ttl(id);
    this.#end(id);
  }

  /** Whether `expireLeases` has work to do; cheap. */
  get hasExpiredLeases(): boolean {
    return this.#row(
      "SELECT 1 AS one FROM lease WHERE boot <> ? OR expires <= ? LIMIT 1",
      this.clock.boot,
      this.clock.now(),
    ) !== undefined;
  }

  expireLeases(): void {
    const expired = this.#rows(
      "SELECT id FROM lease WHERE boot <> ? OR expires <= ?",
      this.clock.boot,
      this.clock.now(),
    );
    for (const { id } of expired) this.#end(String(id));
  }

  /** Forgets what was superseded before `revision`. */
  compact(revision: Revision): void {
    if (revision > this.revision) {
      throw new StoreError("invalid", `revision ${revision} is in the future`);
    }
    if (revision <= this.oldest) return;
    this.#statement(
      `DELETE FROM log WHERE revision < ? AND NOT EXISTS
         (SELECT 1 FROM current WHERE current.key = log.key AND current.entry = log.id)`,
    ).run(revision);
    this.#statement("UPDATE history SET oldest = ?").run(revision);
  }

  #holds(compare: Compare): boolean {
    if (!("prefix" in compare)) {
      return holds(compare, { get: (key) => this.get(key), list: () => [] });
    }
    // Entries newer than a recent revision are few; for "nothing exists" the keys are the shorter way.
    const sql = compare.unchangedSince > 0
      ? `SELECT 1 FROM log INDEXED BY log_revision JOIN current ON current.key = log.key
         WHERE log.revision > ? AND current.entry = log.id AND log.key >= ? AND log.key < ? LIMIT 1`
      : "SELECT 1 FROM current WHERE 0 = ? AND key >= ? AND key < ? LIMIT 1";
    return this.#row(sql, compare.unchangedSince, ...range(compare.prefix)) === undefined;
  }

  #apply(operations: readonly Operation[]): void {
    const records = { get: (key: string) => this.get(key), list: () => [] };
    for (const event of effects(operations, records, this.revision + 1)) this.#record(event);
  }

  #record(event: StoreEvent): void {
    const insert = this.#statement(
      `INSERT INTO log (revision, key, value, create_revision, version, lease)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    if (event.type === "delete") {
      insert.run(event.revision, event.key, null, 0, 0, null);
      this.#statement("DELETE FROM current WHERE key = ?").run(event.key);
      return;
    }
    const { key, value, createRevision, modRevision, version, lease } = event.item;
    const { lastInsertRowid } = insert.run(
      modRevision,
      key,
      value,
      createRevision,
      version,
      lease ?? null,
    );
    this.#statement("INSERT OR REPLACE INTO current (key, entry) VALUES (?, ?)")
      .run(key, lastInsertRowid);
  }

  #end(id: LeaseId): void {
    this.#statement("DELETE FROM lease WHERE id = ?").run(id);
    const held = this.#rows(
      `SELECT log.key FROM log JOIN current ON current.key = log.key AND current.entry = log.id
       WHERE log.lease = ?`,
      id,
    );
    this.#apply(held.map(({ key }) => ({ type: "delete", key: String(key) })));
  }

  /** Throws unless the lease lives. */
  #ttl(id: LeaseId): number {
    const row = this.#row(
      "SELECT ttl FROM lease WHERE id = ? AND boot = ? AND expires > ?",
      id,
      this.clock.boot,
      this.clock.now(),
    );
    if (!row) throw new StoreError("lease-not-found", `the lease ${id} has expired`);
    return Number(row.ttl);
  }

  #row(sql: string, ...parameters: (string | number)[]): Row | undefined {
    return this.#statement(sql).get(...parameters);
  }

  #rows(sql: string, ...parameters: (string | number)[]): Row[] {
    return this.#statement(sql).all(...parameters);
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, statement = this.database.prepare(sql));
    return statement;
  }
}

function range(prefix: string): [from: string, before: string] {
  return [prefix, prefixEnd(prefix) ?? AFTER_ALL_KEYS];
}

function itemOf(row: Row): KeyValue {
  return {
    key: String(row.key),
    value: String(row.value),
    createRevision: Number(row.create_revision),
    modRevision: Number(row.revision),
    version: Number(row.version),
    ...(row.lease !== null && { lease: String(row.lease) }),
  };
}

function eventOf(row: Row): StoreEvent {
  const revision = Number(row.revision);
  return row.value === null
    ? { type: "delete", key: String(row.key), revision }
    : { type: "put", item: itemOf(row), revision };
}

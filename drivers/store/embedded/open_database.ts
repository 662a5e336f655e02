/**
 * Opens or creates the store's file: readable by its owner only, durable at every commit, and ours.
 * @module
 */
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "../../../mod/state/store.ts";
import { Patience } from "./patience.ts";
import { prepareSchema } from "./schema.ts";
import { isBusy, storeError } from "./sqlite_error.ts";

/** SQLite's own wait for a lock, ms: short, as it blocks the event loop. */
const BUSY_TIMEOUT_MS = 2;

/** Throws StoreError "unusable" when a person has to act, "unavailable" or "timeout" when trying again may help. */
export async function openDatabase(path: string, signal?: AbortSignal): Promise<DatabaseSync> {
  lockDown(path);
  const patience = new Patience(`open ${path}`, signal);
  while (true) {
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
      prepare(database, path);
      return database;
    } catch (error) {
      database?.close();
      if (!isBusy(error)) throw storeError(error, "open", path);
    }
    const error = patience.exhausted();
    if (error) throw error;
    await Patience.pause();
  }
}

function prepare(database: DatabaseSync, path: string): void {
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA trusted_schema = OFF;
    PRAGMA journal_size_limit = 16777216;
  `);
  refuseDamaged(database, path);
  database.exec("BEGIN IMMEDIATE");
  try {
    prepareSchema(database, path);
    database.exec("COMMIT");
  } finally {
    if (database.isTransaction) database.exec("ROLLBACK");
  }
}

/** Damage in the middle of the file would show only when it is read, perhaps much later. Reads the whole file: ~1 ms a megabyte. */
function refuseDamaged(database: DatabaseSync, path: string): void {
  const found = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
  if (found === "ok") return;
  throw new StoreError(
    "unusable",
    `could not open ${path}: the file is damaged (${found}); restore it from a backup, or move it away to begin anew`,
  );
}

/**
 * Makes directory and file, for their owner only, when they are not there. SQLite gives its -wal and -shm the file's mode. An existing
 * file is never opened here: closing it would drop the locks that this process has on it through SQLite (fcntl(2)).
 */
function lockDown(path: string): void {
  try {
    Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    try {
      Deno.openSync(path, { createNew: true, write: true, mode: 0o600 }).close();
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
    const { mode } = Deno.statSync(path);
    if (mode !== null && (mode & 0o077) !== 0) Deno.chmodSync(path, 0o600);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const advice = "make the file and its directory writable for this user";
    throw new StoreError("unusable", `could not create ${path}: ${reason}; ${advice}`, {
      cause: error,
    });
  }
}

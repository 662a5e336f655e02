/**
 * The file's tables: a log of every write, newest last, of which `current` names the entries that are the present. Versioned: a newer
 * file is refused, an older one would be migrated here.
 *
 * Survives a SIGKILL at any instruction and a power cut after any acknowledged commit (WAL; durability.ts).
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "../../../mod/state/store.ts";

const VERSION = 1;

const TABLES = `
  CREATE TABLE schema (version INTEGER NOT NULL);
  CREATE TABLE log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    revision INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT, -- NULL: the key was deleted
    create_revision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    lease INTEGER
  );
  CREATE INDEX log_revision ON log (revision);
  CREATE INDEX log_lease ON log (lease) WHERE lease IS NOT NULL;
  CREATE TABLE current (key TEXT PRIMARY KEY, entry INTEGER NOT NULL) WITHOUT ROWID;
  -- oldest: the first revision whose events the log holds completely.
  CREATE TABLE history (oldest INTEGER NOT NULL);
  INSERT INTO history VALUES (1);
  -- boot and expires: the machine's boot, and milliseconds since then.
  CREATE TABLE lease (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ttl INTEGER NOT NULL,
    boot TEXT NOT NULL,
    expires INTEGER NOT NULL
  );
  INSERT INTO schema VALUES (${VERSION});
`;

/** Creates the tables in an empty file; throws StoreError "unusable" for a file that is not ours. Call it within a transaction. */
export function prepareSchema(database: DatabaseSync, path: string): void {
  const tables = database.prepare("SELECT name FROM sqlite_schema").all().map(({ name }) => name);
  if (tables.length === 0) {
    database.exec(TABLES);
    return;
  }
  if (!tables.includes("schema")) {
    throw new StoreError("unusable", `${path} is another program's database; choose another file`);
  }
  const version = Number(database.prepare("SELECT version FROM schema").get()?.version);
  if (version !== VERSION) {
    throw new StoreError(
      "unusable",
      `${path} has format ${version}, and this program knows format ${VERSION} only; ` +
        "run the version of contiv that made it, or a newer one",
    );
  }
}

/**
 * Makes commits survive a power cut without holding up the event loop: SQLite writes its log (synchronous=NORMAL), and the file is then
 * synced on a thread of Deno's pool. A disk takes a millisecond or more for that, and everything else waited for it.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "../../../mod/state/store.ts";

export class Durability {
  /** A sync failed: pages of the log that the kernel now takes for clean may not be on the disk (fsync(2)). */
  #doubtful = false;

  private constructor(
    private readonly database: DatabaseSync,
    private readonly path: string,
    private readonly log: Deno.FsFile,
  ) {}

  /**
   * `database` has been written to, so that its write-ahead log is there, and stays while it is open. Unlike the database's own file, the
   * log may be opened and closed beside SQLite: it carries none of its locks (sqlite.org/wal.html, "The WAL-Index File").
   */
  static async open(database: DatabaseSync, path: string): Promise<Durability> {
    database.exec("PRAGMA synchronous = NORMAL");
    return new Durability(database, path, await Deno.open(`${path}-wal`, { read: true }));
  }

  /** Resolves when all that was committed before the call is on the disk. Throws StoreError "unavailable": it may not be. */
  async sync(): Promise<void> {
    if (this.#doubtful) return this.#checkpoint();
    try {
      await this.log.syncData();
    } catch (error) {
      this.#doubtful = true;
      throw this.#failed(error instanceof Error ? error.message : String(error), error);
    }
  }

  close(): void {
    this.log.close();
  }

  /** Brings all that the log holds into the database's file, which SQLite syncs, and begins the log anew. */
  #checkpoint(): void {
    const { busy } = this.database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get() ?? {};
    if (busy !== 0) throw this.#failed("another process reads the file", undefined);
    this.#doubtful = false;
  }

  #failed(reason: string, cause: unknown): StoreError {
    return new StoreError(
      "unavailable",
      `could not write to ${this.path} durably: ${reason}; the change may have been applied. See the kernel's log if it stays so`,
      { cause },
    );
  }
}

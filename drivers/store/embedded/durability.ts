/**
 * Makes commits survive a power cut without holding up the event loop: SQLite writes its log (synchronous=NORMAL), and the file is then
 * synced on a thread of Deno's pool. A disk takes a millisecond or more for that, and everything else waited for it.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../../mod/state/message_of.ts";
import { type Revision, StoreError } from "../../../mod/state/store.ts";
import { Patience } from "./patience.ts";
import { isBusy } from "./sqlite_error.ts";

/** The write-ahead log, open for reading and writing. */
export type LogFile = Pick<
  Deno.FsFile,
  "syncData" | "seekSync" | "readSync" | "writeSync" | "close"
>;

export type OpenLog = (path: string) => Promise<LogFile>;

const openFile: OpenLog = (path) => Deno.open(path, { read: true, write: true });

const CHUNK_BYTES = 1 << 20;

export class Durability {
  /** All revisions up to this one are on the disk. */
  #durable: Revision = 0;
  /** All up to this one will be when `#last` resolves. */
  #asked: Revision = 0;
  /** Syncs run one at a time: the kernel tells of a failure once, so the next of two that overlap would take the log for whole. */
  #last: Promise<void> = Promise.resolve();
  /** A sync failed, and pages of the log that the kernel now takes for clean may not be on the disk (fsync(2)). */
  #doubtful = false;

  constructor(
    private readonly database: DatabaseSync,
    private readonly path: string,
    private readonly log: LogFile,
  ) {}

  /**
   * `database` has been read or written, so that its write-ahead log is there, and stays while it is open. Unlike the database's own
   * file, the log may be opened and closed beside SQLite: it carries none of its locks (sqlite.org/wal.html, "The WAL-Index File").
   * SQLite itself goes on to sync the log before it brings it into the database's file, and when it begins it anew.
   */
  static async open(
    database: DatabaseSync,
    path: string,
    openLog = openFile,
  ): Promise<Durability> {
    const log = await openLog(`${path}-wal`);
    database.exec("PRAGMA synchronous = NORMAL");
    return new Durability(database, path, log);
  }

  /**
   * Resolves when all that was committed before the call is on the disk, up to `revision`. Throws StoreError "unavailable" when that
   * could not be done: whether it survives a power cut is unknown.
   */
  sync(revision: Revision): Promise<void> {
    this.#asked = Math.max(this.#asked, revision);
    this.#last = this.#last.catch(() => undefined).then(() => this.#sync(revision));
    return this.#last;
  }

  /**
   * For who has read `revision`, of this process or of another one, and is about to act on it. Resolves at once when it is known to be on
   * the disk; throws as `sync` does.
   */
  async reach(revision: Revision): Promise<void> {
    if (revision <= this.#durable) return;
    await (revision <= this.#asked ? this.#last : this.sync(revision));
  }

  /** Resolves when no failed sync is left to be made good: on a log in doubt nothing is to be built. Throws as `sync` does. */
  async restore(): Promise<void> {
    if (this.#doubtful) await this.sync(this.#durable);
  }

  /** Ends after what is under way. To be called before the database is closed, which checkpoints a log that it takes for whole. */
  async close(): Promise<void> {
    await this.#last.catch(() => undefined);
    await this.restore().catch(() => undefined); // who has written was told
    this.log.close();
  }

  async #sync(revision: Revision): Promise<void> {
    try {
      if (this.#doubtful) await this.#rewrite();
      await this.log.syncData();
      this.#doubtful = false;
      this.#durable = Math.max(this.#durable, revision);
    } catch (error) {
      const first = !this.#doubtful;
      this.#doubtful = true;
      if (first) return await this.#sync(revision);
      this.#asked = this.#durable;
      throw this.#failed(error);
    }
  }

  async #rewrite(): Promise<void> {
    for (const patience = new Patience(`write to ${this.path}`); !this.#writeAgain();) {
      const given = patience.exhausted();
      if (given) throw given;
      await Patience.pause();
    }
  }

  /**
   * Writes the log over itself, so that the kernel takes its pages for unwritten again: only then does the next sync say anything of
   * them. A checkpoint instead would overwrite the database's file while the log is not on the disk, and a power cut in it would leave
   * neither whole. False: another process has the lock for writing, without which nobody writes to the log, or begins it anew
   * (sqlite.org/walformat.html, "WAL Locks").
   */
  #writeAgain(): boolean {
    try {
      this.database.exec("BEGIN IMMEDIATE");
    } catch (error) {
      if (isBusy(error)) return false;
      throw error;
    }
    try {
      this.#copyOntoItself();
      return true;
    } finally {
      this.database.exec("ROLLBACK");
    }
  }

  #copyOntoItself(): void {
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (let at = 0;;) {
      this.log.seekSync(at, Deno.SeekMode.Start);
      const size = this.log.readSync(chunk) ?? 0;
      if (size === 0) return;
      this.log.seekSync(at, Deno.SeekMode.Start);
      for (let done = 0; done < size;) done += this.log.writeSync(chunk.subarray(done, size));
      at += size;
    }
  }

  #failed(cause: unknown): StoreError {
    return new StoreError(
      "unavailable",
      `could not bring ${this.path} to the disk: ${
        messageOf(cause)
      }; the last changes may have been applied, and a power cut may undo ` +
        "them. See the kernel's log if it stays so",
      { cause },
    );
  }
}

/**
 * Notices commits of other processes: each of them writes to the write-ahead log, which inotify reports within a millisecond or so.
 * A slow poll stands behind it.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";

const POLL_MS = 250;
/** Without inotify (its limits are per user) the poll is all there is. */
const POLL_ALONE_MS = 20;

export class CommitWatch {
  readonly #version: { get(): unknown };
  #lastVersion: string | undefined;
  #watcher: Deno.FsWatcher | undefined;
  readonly #timer: ReturnType<typeof setInterval>;

  /** `onForeignCommit` is called after commits of other connections, `onTick` every quarter of a second. */
  constructor(
    database: DatabaseSync,
    path: string,
    private readonly onForeignCommit: () => void,
    onTick: () => void,
  ) {
    this.#version = database.prepare("PRAGMA data_version");
    this.#lastVersion = this.#read();
    this.#watcher = this.#watch(`${path}-wal`);
    let polls = 0;
    const interval = this.#watcher ? POLL_MS : POLL_ALONE_MS;
    this.#timer = setInterval(() => {
      this.#look();
      if (++polls % (POLL_MS / interval | 0) === 0) onTick();
    }, interval);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #watch(walPath: string): Deno.FsWatcher | undefined {
    try {
      const watcher = Deno.watchFs(walPath);
      void this.#follow(watcher);
      return watcher;
    } catch {
      return undefined;
    }
  }

  async #follow(watcher: Deno.FsWatcher): Promise<void> {
    for await (const _ of watcher) {
      if (this.#watcher) this.#look();
    }
  }

  #look(): void {
    let version: string | undefined;
    try {
      version = this.#read();
    } catch {
      // Whoever is woken reads the file himself, and reports what is wrong with it.
    }
    if (version !== undefined && version === this.#lastVersion) return;
    this.#lastVersion = version;
    this.onForeignCommit();
  }

  /** `PRAGMA data_version` changes exactly when another connection has committed; 3 µs. */
  #read(): string {
    return JSON.stringify(this.#version.get());
  }
}

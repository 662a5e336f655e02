/**
 * For tests: a real write-ahead log whose syncs can be made to fail, or to wait, as a disk makes them.
 * @module
 */
import type { LogFile } from "./durability.ts";

export class HeldLog implements LogFile {
  /** How many of the next syncs fail. */
  failures = 0;
  /** While it is there, syncs wait for it. */
  held: Promise<void> | undefined;
  /** What was done, in order: "synced", "sync failed", and "wrote" with the bytes since the last of these. */
  readonly calls: string[] = [];
  #begun = Promise.withResolvers<void>();
  #written = 0;

  private constructor(private readonly file: Deno.FsFile) {}

  static async open(path: string): Promise<HeldLog> {
    return new HeldLog(await Deno.open(path, { read: true, write: true }));
  }

  /** Resolves when a sync begins. */
  get next(): Promise<void> {
    return this.#begun.promise;
  }

  async syncData(): Promise<void> {
    if (this.#written > 0) this.calls.push(`wrote ${this.#written}`);
    this.#written = 0;
    this.#begun.resolve();
    this.#begun = Promise.withResolvers();
    await this.held;
    if (this.failures > 0) {
      this.failures--;
      this.calls.push("sync failed");
      throw new Error("Input/output error (os error 5)");
    }
    await this.file.syncData();
    this.calls.push("synced");
  }

  seekSync(offset: number, whence: Deno.SeekMode): number {
    return this.file.seekSync(offset, whence);
  }

  readSync(bytes: Uint8Array): number | null {
    return this.file.readSync(bytes);
  }

  writeSync(bytes: Uint8Array): number {
    const size = this.file.writeSync(bytes);
    this.#written += size;
    return size;
  }

  close(): void {
    this.file.close();
  }
}

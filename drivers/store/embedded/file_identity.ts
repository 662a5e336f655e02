/**
 * Whether the path still leads to the file that was opened. One that was deleted or replaced underneath an open database goes on to
 * take writes that nobody will ever find again: they must be refused.
 * @module
 */
import { StoreError } from "../../../mod/state/store.ts";

export class FileIdentity {
  readonly #opened: string | undefined;

  constructor(private readonly path: string) {
    this.#opened = identify(path);
  }

  /** Throws StoreError "unavailable" unless the path leads to the file that it led to at first. Some 10 µs. */
  check(): void {
    if (this.#opened !== undefined && identify(this.path) === this.#opened) return;
    throw new StoreError(
      "unavailable",
      `${this.path} was removed or replaced while it was in use, and nothing is written any more: ` +
        "put it back, from a backup if need be, and restart contiv",
    );
  }
}

/** Undefined when nothing is there. */
function identify(path: string): string | undefined {
  try {
    const { dev, ino } = Deno.statSync(path);
    return `${dev} ${ino}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

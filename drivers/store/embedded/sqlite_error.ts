/**
 * SQLite's errors in the store's terms. `node:sqlite` in Deno gives no result code, only SQLite's own fixed texts
 * (sqlite3_errstr, https://www.sqlite.org/rescode.html).
 * @module
 */
import { StoreError } from "../../../mod/state/store.ts";

/** Whether another process holds the lock that was asked for, so that trying again soon will do. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && /\b(is locked|locking protocol)\b/.test(error.message);
}

/** `action`: what was attempted. Errors that are already the store's, and those that are not SQLite's, pass through. */
export function storeError(error: unknown, action: string, path: string): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error;
  const code = codeOf(error.message);
  if (!code) return error;
  const [storeCode, advice] = code;
  return new StoreError(storeCode, `could not ${action} ${path}: ${error.message}; ${advice}`, {
    cause: error,
  });
}

function codeOf(message: string): ["unavailable" | "unusable", advice: string] | undefined {
  if (/disk is full/.test(message)) return ["unavailable", "free some space on its file system"];
  if (/disk I\/O error|is locked|locking protocol/.test(message)) {
    return ["unavailable", "see the kernel's log if it stays so"];
  }
  if (/readonly|unable to open|authorization|access permission/.test(message)) {
    return ["unusable", "make the file and its directory writable for this user"];
  }
  if (/not a database|malformed|encrypted|corrupt/.test(message)) {
    return ["unusable", "restore it from a backup, or move it away to begin anew"];
  }
  return undefined;
}

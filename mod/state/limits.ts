/**
 * The interface's own limits, checked by every store before anything is sent: what fits one store fits all of them.
 * @module
 */
import { type Compare, type Operation, StoreError } from "./store.ts";

/** Compares, and operations, of one transaction: etcd's default `--max-txn-ops`. */
export const MAX_OPERATIONS = 128;
/** In bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;
/** In bytes of UTF-8. */
export const MAX_VALUE_BYTES = 1024 * 1024;

/** Throws StoreError "invalid" when no store would take the transaction. */
export function checkTransaction(
  compares: readonly Compare[],
  operations: readonly Operation[],
): void {
  checkCount("compares", compares.length);
  checkCount("operations", operations.length);
  for (const compare of compares) {
    if ("prefix" in compare) checkPrefix(compare.prefix);
    else checkKey(compare.key);
  }
  const keys = new Set<string>();
  for (const operation of operations) {
    checkKey(operation.key);
    if (keys.has(operation.key)) {
      throw invalid(`a transaction names the key ${operation.key} twice; name every key once`);
    }
    keys.add(operation.key);
    if (operation.type === "put") checkValue(operation.key, operation.value);
  }
}

/** Throws StoreError "invalid" unless the key has 1 to MAX_KEY_BYTES bytes of well-formed text without NUL. */
export function checkKey(key: string): void {
  if (key === "") throw invalid("a key is empty");
  checkPrefix(key);
}

/** As a key, but may be empty. */
export function checkPrefix(prefix: string): void {
  if (byteLength(prefix, MAX_KEY_BYTES) > MAX_KEY_BYTES) {
    throw invalid(`a key is longer than ${MAX_KEY_BYTES} bytes: ${prefix.slice(0, 80)}…`);
  }
  if (prefix.includes("\0") || !prefix.isWellFormed()) {
    throw invalid(`a key is not well-formed text: ${JSON.stringify(prefix)}`);
  }
}

function checkValue(key: string, value: string): void {
  if (byteLength(value, MAX_VALUE_BYTES) > MAX_VALUE_BYTES) {
    throw invalid(`the value of ${key} is larger than ${MAX_VALUE_BYTES} bytes`);
  }
  if (value.includes("\0") || !value.isWellFormed()) {
    throw invalid(`the value of ${key} is not well-formed text`);
  }
}

function checkCount(what: string, count: number): void {
  if (count > MAX_OPERATIONS) {
    throw invalid(`a transaction has ${count} ${what}; at most ${MAX_OPERATIONS} fit`);
  }
}

const encoder = new TextEncoder();

/** Bytes in UTF-8; encodes only when the length in code units leaves it open whether `limit` is passed. */
function byteLength(text: string, limit: number): number {
  const certain = text.length > limit || text.length * 3 <= limit;
  return certain ? text.length : encoder.encode(text).length;
}

function invalid(message: string): StoreError {
  return new StoreError("invalid", message);
}

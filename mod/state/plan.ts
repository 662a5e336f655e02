/**
 * What a decision comes to: one transaction, and the value that its author promised the caller if it commits.
 * @module
 */
import type { Compare, Operation } from "./store.ts";

/** Made by pure functions of a snapshot; carried out by `transact` of ./transact.ts, which decides anew on conflict. */
export interface Plan<T> {
  readonly compares: readonly Compare[];
  readonly operations: readonly Operation[];
  readonly result: T;
}

/** Writes a record as JSON, undefined fields left out. */
export function put(key: string, value: unknown): Operation {
  return { type: "put", key, value: JSON.stringify(value) };
}

export function remove(key: string): Operation {
  return { type: "delete", key };
}

/** A plan that writes nothing. */
export function unchanged<T>(result: T): Plan<T> {
  return { compares: [], operations: [], result };
}

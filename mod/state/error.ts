/**
 * What can go wrong between a decision and its commit, beyond the store's own errors.
 * @module
 */
export type StateErrorCode =
  /** Other writers were always faster; nothing was written. */
  | "contended"
  /** The store was not yet read, so nothing can be decided. */
  | "not-synced"
  /** A lock is held by another, or was lost. */
  | "not-leader"
  /** A record is not what Contiv writes; nothing was decided from it. */
  | "unreadable";

export class StateError extends Error {
  override readonly name = "StateError";
  constructor(readonly code: StateErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
  }
}

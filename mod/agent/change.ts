/**
 * A change of the store as the desired state follows it: what changed, and what that reaches.
 * @module
 */
/** What changed in the store, by id. */
export interface Change {
  readonly hosts: Iterable<string>;
  readonly networks: Iterable<string>;
  readonly endpoints: Iterable<string>;
}

/** What a change reaches. */
export interface Touched {
  readonly networks: Set<string>;
  readonly endpoints: Set<string>;
  /** Owners that are to be named. */
  readonly dirty: Set<string>;
}

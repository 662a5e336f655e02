/**
 * What a decision may know besides the store and the request.
 * @module
 */
export interface IntentContext {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** `docker`, `swarm-mode` or `kubernetes`. */
  readonly clusterMode: string;
}

/** On behalf of a host. */
export interface HostContext {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The host label. */
  readonly host: string;
}

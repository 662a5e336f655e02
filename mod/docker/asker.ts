/**
 * Who asks for something on Docker's behalf, and when.
 * @module
 */
export interface Asker {
  /** This host's label. */
  readonly host: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Docker itself makes and removes these networks, so the guard of swarm mode against removing mapped ones is not for them. */
export const CLUSTER_MODE = "docker";

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

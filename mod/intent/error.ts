/**
 * The one error of the domain: a request that cannot be granted, and why. Edges turn its code into an HTTP status, an exit code or
 * a driver's JSON; its message's first line is the original's text and a contract.
 * @module
 */
export type IntentErrorCode =
  /** The request itself is wrong (400). */
  | "invalid"
  /** The object it names does not exist (404). */
  | "not-found"
  /** The state of other objects forbids it (409). */
  | "conflict"
  /** Nothing left to give: addresses, tags (409). */
  | "exhausted"
  /** Not now: configuration or store is not there yet (503). */
  | "unavailable";

export class IntentError extends Error {
  override readonly name = "IntentError";
  /** `advice`: the command or state that gets there, one line, shown after the message. */
  constructor(
    readonly code: IntentErrorCode,
    message: string,
    readonly advice?: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

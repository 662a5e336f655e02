/**
 * The one error of talking to a Docker Engine.
 * @module
 */
export type DockerErrorCode =
  /** No engine answers on the socket (not running, or no permission). */
  | "unavailable"
  /** The deadline passed. */
  | "timeout"
  | "not-found"
  /** The engine refuses in the state that it is in: name taken, containers attached (HTTP 403, 409). */
  | "conflict"
  /** Any other refusal, or an answer that is not understood. */
  | "failed";

export class DockerError extends Error {
  override readonly name = "DockerError";
  constructor(
    readonly code: DockerErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

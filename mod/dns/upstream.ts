/**
 * Who is asked for names that are not ours; drivers/dns implements it.
 * @module
 */
export type Transport = "udp" | "tcp";

export interface Upstream {
  /**
   * Passes a query on, by the transport that it came by, and resolves with the answer, which carries the query's id. Servers are tried in
   * turn. Throws UpstreamError when none answers in time.
   */
  ask(
    query: Uint8Array<ArrayBuffer>,
    transport: Transport,
    signal: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>>;
}

export type UpstreamErrorCode =
  /** The host has no name server but this one. */
  | "none"
  /** None answered in time. */
  | "unanswered"
  /** As many questions as may be are under way. */
  | "busy";

export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  constructor(readonly code: UpstreamErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
  }
}

/**
 * Errors as HTTP replies: text, whose first line is the original's and whose second says what to do.
 * @module
 */
import { IntentError, type IntentErrorCode } from "../../mod/intent/error.ts";
import { StateError } from "../../mod/state/error.ts";
import { StoreError } from "../../mod/state/store.ts";
import { BODY_DEADLINE_MS, BODY_LIMIT, BodyTooLarge, BodyTooSlow } from "./request_body.ts";

export type ErrorStatus = 400 | 404 | 408 | 409 | 413 | 415 | 500 | 503;

export interface ErrorReply {
  readonly status: ErrorStatus;
  /** Ends in a newline. */
  readonly text: string;
}

/** Nothing is routed at the request's path. */
export class PageNotFound extends Error {
  override readonly name = "PageNotFound";
}

/** The call needs `Content-Type: application/json`. */
export class WrongContentType extends Error {
  override readonly name = "WrongContentType";
}

const STATE_ADVICE = "Nothing was changed: try again. GET /healthz says how the store is";
const UNKNOWN_OUTCOME =
  "Whether the change was made is unknown: look before you repeat it. GET /healthz says how the store is";

const INTENT_STATUS: Readonly<Record<IntentErrorCode, ErrorStatus>> = {
  invalid: 400,
  "not-found": 404,
  conflict: 409,
  exhausted: 409,
  unavailable: 503,
};

/** The reply that an error has, or undefined when nobody foresaw it. */
export function errorReply(error: unknown): ErrorReply | undefined {
  if (error instanceof IntentError) {
    return reply(INTENT_STATUS[error.code], error.message, error.advice);
  }
  if (error instanceof StateError) return reply(503, error.message, STATE_ADVICE);
  if (error instanceof StoreError) return storeReply(error);
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return reply(
      503,
      "the store did not answer in time",
      UNKNOWN_OUTCOME,
    );
  }
  if (error instanceof BodyTooLarge) {
    return reply(413, `the request's body is larger than ${BODY_LIMIT} bytes`);
  }
  if (error instanceof BodyTooSlow) {
    return reply(408, `the request's body did not come within ${BODY_DEADLINE_MS / 1000} s`);
  }
  if (error instanceof PageNotFound) return reply(404, "404 page not found", error.message);
  if (error instanceof WrongContentType) {
    return reply(415, "Content-Type must be application/json");
  }
  return undefined;
}

function storeReply(error: StoreError): ErrorReply | undefined {
  if (error.code === "unusable") return reply(503, error.message, STATE_ADVICE);
  if (error.code !== "unavailable" && error.code !== "timeout") return undefined;
  return reply(
    503,
    error.message,
    UNKNOWN_OUTCOME,
  );
}

/** Nothing of the error itself: the log has it under the same id. */
export function internalError(requestId: string): ErrorReply {
  return reply(500, "internal error", `The master's log has it under request id ${requestId}`);
}

function reply(status: ErrorStatus, ...lines: (string | undefined)[]): ErrorReply {
  return { status, text: lines.filter(Boolean).join("\n") + "\n" };
}

/** Whether a part of the request's body was left unread, so that the connection cannot be used again. */
export function leavesBody(error: unknown): boolean {
  return error instanceof BodyTooLarge || error instanceof BodyTooSlow;
}

/**
 * The original netctl, written in Go, shows an error's text only when its status is 500; its router's own "page not found"
 * it knows by 404.
 */
export function forOriginalClient(error: unknown, { text }: ErrorReply): ErrorReply {
  const pageNotFound = error instanceof PageNotFound || error instanceof WrongContentType;
  return pageNotFound ? { status: 404, text: "404 page not found\n" } : { status: 500, text };
}

export function isOriginalClient(userAgent: string | undefined): boolean {
  return userAgent?.startsWith("Go-http-client/") ?? false;
}

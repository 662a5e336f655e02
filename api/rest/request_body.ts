/**
 * Request bodies: JSON, of bounded size. The bound holds while the body streams in, whatever its headers say.
 * @module
 */
import { IntentError } from "../../mod/intent/error.ts";

/** Many times the largest object that the model allows. */
export const BODY_LIMIT = 256 * 1024;

/** The body is larger than BODY_LIMIT. */
export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge";
}

/** Throws BodyTooLarge, or IntentError "invalid" when it is not JSON in UTF-8. */
export async function readJson(request: Request): Promise<unknown> {
  if (Number(request.headers.get("content-length")) > BODY_LIMIT) throw new BodyTooLarge();
  const bytes = await readLimited(request.body);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const why = cause instanceof SyntaxError ? cause.message : "it is not UTF-8";
    throw new IntentError("invalid", `the request's body is not JSON: ${why}`, undefined, {
      cause,
    });
  }
}

async function readLimited(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    // Leaving the loop cancels the stream: the rest is not read.
    if (size > BODY_LIMIT) throw new BodyTooLarge();
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/**
 * Request bodies: JSON, of bounded size. The bound holds while the body streams in, whatever its headers say, and what exceeds it is
 * not read: the sender stands still until it takes its 413 and closes.
 * @module
 */
import { IntentError } from "../../mod/intent/error.ts";

/** Many times the largest object that the model allows. */
export const BODY_LIMIT = 256 * 1024;

/** The body is larger than BODY_LIMIT. Its reply needs `Connection: close`, as the rest of the body is never read. */
export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge";
}

/** A sender gets this long for all of its body. */
export const BODY_DEADLINE_MS = 10_000;

/** The body did not come in time. Its reply, too, needs `Connection: close`. */
export class BodyTooSlow extends Error {
  override readonly name = "BodyTooSlow";
}

/**
 * Bodies that were refused and not read to their end. Deno's server reads and drops the rest of a body that nobody refers to, at full
 * speed and without end; one that is referred to it leaves in the kernel's buffers. The oldest makes room for the newest.
 */
const refused: ReadableStreamDefaultReader<Uint8Array>[] = [];
const MOST_REFUSED = 64;

/** Throws BodyTooLarge, BodyTooSlow, or IntentError "invalid" when it is not JSON in UTF-8. */
export async function readJson(request: Request, deadline = BODY_DEADLINE_MS): Promise<unknown> {
  const bytes = await readLimited(request, AbortSignal.timeout(deadline));
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const why = cause instanceof SyntaxError ? cause.message : "it is not UTF-8";
    throw new IntentError("invalid", `the request's body is not JSON: ${why}`, undefined, {
      cause,
    });
  }
}

async function readLimited(request: Request, deadline: AbortSignal): Promise<Uint8Array> {
  const reader = request.body?.getReader();
  if (!reader) return new Uint8Array();
  if (Number(request.headers.get("content-length")) > BODY_LIMIT) {
    throw leave(reader, new BodyTooLarge());
  }
  const late = new Promise<"late">((resolve) =>
    deadline.addEventListener("abort", () => resolve("late"), { once: true })
  );
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (true) {
    const next = await Promise.race([reader.read(), late]);
    if (next === "late") throw leave(reader, new BodyTooSlow());
    if (next.done) return concatenated(chunks, size);
    size += next.value.length;
    if (size > BODY_LIMIT) throw leave(reader, new BodyTooLarge());
    chunks.push(next.value);
  }
}

function leave<E extends Error>(reader: ReadableStreamDefaultReader<Uint8Array>, error: E): E {
  refused.push(reader);
  if (refused.length > MOST_REFUSED) refused.shift()?.cancel().catch(() => {});
  return error;
}

function concatenated(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

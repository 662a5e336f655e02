/**
 * One question by TCP (RFC 7766): a connection, two bytes of length before the message, and so back.
 * @module
 */
import type { Resolver } from "./forwarder.ts";
import { answersQuery } from "./same_question.ts";

/** Rejects when the signal aborts, or when the connection ends early or brings another answer. */
export async function askByTcp(
  { address, port }: Resolver,
  query: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const connection = await Deno.connect({ hostname: address, port, signal });
  const close = () => connection.close();
  signal.addEventListener("abort", close, { once: true });
  try {
    const framed = new Uint8Array(2 + query.length);
    new DataView(framed.buffer).setUint16(0, query.length);
    framed.set(query, 2);
    const writer = connection.writable.getWriter();
    await writer.write(framed);
    writer.releaseLock();
    const length = await readExactly(connection, 2);
    const answer = await readExactly(connection, new DataView(length.buffer).getUint16(0));
    if (answersQuery(answer, query)) return answer;
    throw new Error(`${address} answered another question`);
  } finally {
    signal.removeEventListener("abort", close);
    if (!signal.aborted) close();
  }
}

async function readExactly(connection: Deno.Conn, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(size);
  for (let read = 0; read < size;) {
    const count = await connection.read(bytes.subarray(read));
    if (count === null) throw new Error("the connection ended before the answer did");
    read += count;
  }
  return bytes;
}

/**
 * One question by UDP, from a socket that hears only the resolver.
 * @module
 */
import dgram from "node:dgram";
import type { Resolver } from "./forwarder.ts";
import { answersQuery } from "./same_question.ts";

/** Resolves with the first message that answers the query; whatever else arrives is passed over. Rejects when the signal aborts. */
export function askByUdp(
  { address, port }: Resolver,
  query: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
  return new Promise<Uint8Array<ArrayBuffer>>((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    socket.on("error", reject);
    socket.on("message", (message) => {
      const answer = Uint8Array.from(message);
      if (answersQuery(answer, query)) resolve(answer);
    });
    socket.connect(port, address, () =>
      socket.send(query, (error) => {
        if (error) reject(error);
      }));
  }).finally(() => socket.close());
}

/**
 * The name server's UDP socket on one address.
 * @module
 */
import dgram from "node:dgram";
import type { NameServer } from "./name_server.ts";

export interface Listener {
  readonly address: string;
  /** Resolves when nothing is open any more. */
  close(): Promise<void>;
}

/** Rejects when the address is not (yet) the host's, or the port is taken. `failed` hears of a socket that died later. */
export async function serveUdp(
  server: NameServer,
  address: string,
  port: number,
  failed: (error: Error) => void,
): Promise<Listener> {
  const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
  const stop = new AbortController();
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, address, () => resolve());
  }).catch((error) => {
    socket.close();
    throw error;
  });
  socket.removeAllListeners("error");
  socket.once("error", (error) => {
    // Closed before anybody hears of it: the next listener needs its port.
    socket.on("error", () => {});
    void close().then(() => failed(error));
  });
  socket.on("message", (message, from) => {
    void server.handle(Uint8Array.from(message), from.address, "udp", stop.signal).then(
      (reply) => {
        if (reply && !stop.signal.aborted) socket.send(reply, from.port, from.address, () => {});
      },
    );
  });
  return { address, close };

  function close(): Promise<void> {
    if (stop.signal.aborted) return Promise.resolve();
    stop.abort(new DOMException("The name server stops", "AbortError"));
    return new Promise((resolve) => socket.close(() => resolve()));
  }
}

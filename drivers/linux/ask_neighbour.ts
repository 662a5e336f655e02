/**
 * Makes the kernel find out the link address of a neighbour (RFC 826, RFC 4861) by sending it one datagram to nobody.
 * @module
 */
import { createSocket } from "node:dgram";

/** Discard (RFC 863). */
const PORT = 9;

/** Best effort: resolves when the datagram has been handed to the kernel, or could not be. */
export function askNeighbour(address: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    const done = () => socket.close(() => resolve());
    socket.on("error", done);
    socket.send(new Uint8Array(1), PORT, address, done);
  });
}

/**
 * A resolver of the outside for tests: knows every name under `example` as 192.0.2.53, and no other. Run as a program with an address.
 * @module
 */
import { Buffer } from "node:buffer";
import dgram from "node:dgram";
// @ts-types="@types/dns-packet"
import packet from "dns-packet";

const NXDOMAIN = 3;
const socket = dgram.createSocket("udp4");
socket.on("message", (message, from) => {
  const { id = 0, questions = [] } = packet.decode(Buffer.from(message));
  const known = questions.every(({ name, type }) => name.endsWith("example") && type === "A");
  const answers: packet.Answer[] = known
    ? questions.map(({ name }) => ({ type: "A", name, ttl: 5, data: "192.0.2.53" }))
    : [];
  const flags = packet.RECURSION_AVAILABLE | packet.RECURSION_DESIRED | (known ? 0 : NXDOMAIN);
  socket.send(
    packet.encode({ type: "response", id, flags, questions, answers }),
    from.port,
    from.address,
  );
});
socket.bind(53, Deno.args[0]);

/**
 * The switch's own ceiling: what a client of OpenFlow 1.4 once said to load flows is recorded, and said again byte for byte, so that
 * nothing is measured but how fast ovs-vswitchd takes it.
 * @module
 */

/** Header of every message: version, type, length, transaction (OpenFlow 1.4, section 7.1.1). */
const HEADER = 8;
const ERROR = 1;
const BUNDLE_CONTROL = 33;
const COMMIT_REPLY = 5;

/** What `client`, given the socket of a relay to `socket`, says. */
export async function record(
  socket: string,
  client: (relay: string) => Promise<unknown>,
): Promise<Uint8Array<ArrayBuffer>> {
  const directory = await Deno.makeTempDir({ prefix: "contiv-bench-relay-" });
  const path = `${directory}/relay.sock`;
  const said: Uint8Array[] = [];
  using listener = Deno.listen({ transport: "unix", path });
  const relaying = (async () => {
    using near = await listener.accept();
    using far = await Deno.connect({ transport: "unix", path: socket });
    const answers = copy(far, near);
    await copy(near, far, (bytes) => said.push(bytes));
    await far.closeWrite();
    await answers;
  })();
  try {
    await client(path);
    await relaying;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
  return join(said);
}

async function copy(
  from: Deno.Conn,
  to: Deno.Conn,
  look: (bytes: Uint8Array) => void = () => undefined,
): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
    const bytes = buffer.slice(0, count);
    look(bytes);
    await writeAll(to, bytes);
  }
}

/** Says `bytes` on a new connection; resolves when the switch has committed the bundle that they hold. */
export async function replay(socket: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  using connection = await Deno.connect({ transport: "unix", path: socket });
  await Promise.all([writeAll(connection, bytes), untilCommitted(connection)]);
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

async function untilCommitted(connection: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  let rest: Uint8Array = new Uint8Array();
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) throw new Error("the switch closed the connection before it committed");
    rest = join([rest, buffer.subarray(0, count)]);
    for (let length = lengthOf(rest); length !== undefined; length = lengthOf(rest)) {
      const message = new DataView(rest.buffer, rest.byteOffset, length);
      const type = message.getUint8(1);
      if (type === ERROR) throw new Error(`the switch refused: error ${message.getUint16(HEADER)}`);
      if (type === BUNDLE_CONTROL && message.getUint16(HEADER + 4) === COMMIT_REPLY) return;
      rest = rest.subarray(length);
    }
  }
}

/** Of the first message; undefined while it is not whole. */
function lengthOf(bytes: Uint8Array): number | undefined {
  if (bytes.length < HEADER) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint16(2);
  return bytes.length >= length ? length : undefined;
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

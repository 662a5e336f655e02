/**
 * The name server's TCP socket on one address (RFC 7766): connections are few, short and never idle for long.
 * @module
 */
import type { NameServer } from "./name_server.ts";
import type { Listener } from "./serve_udp.ts";
import { LONGEST_QUERY } from "./wire.ts";

const MOST_CONNECTIONS = 128;
/** Milliseconds for a query to arrive whole, and between two. */
const IDLE_MS = 5_000;

/** Throws when the address is not (yet) the host's, or the port is taken. `failed` hears of a socket that died later. */
export function serveTcp(
  server: NameServer,
  address: string,
  port: number,
  failed: (error: Error) => void,
): Listener {
  const listener = Deno.listen({ hostname: address, port });
  const stop = new AbortController();
  const open = new Set<Promise<void>>();
  const accepting = accept().catch((error) => {
    if (stop.signal.aborted) return;
    // Closed before anybody hears of it: the next listener needs its port.
    end();
    failed(error);
  });
  return {
    address,
    close: async () => {
      end();
      await accepting;
      await Promise.all(open);
    },
  };

  function end(): void {
    if (stop.signal.aborted) return;
    stop.abort(new DOMException("The name server stops", "AbortError"));
    listener.close();
  }

  async function accept(): Promise<void> {
    for await (const connection of listener) {
      if (open.size >= MOST_CONNECTIONS) {
        connection.close();
        continue;
      }
      const talk = converse(server, connection, stop.signal);
      open.add(talk);
      void talk.then(() => open.delete(talk));
    }
  }
}

/** Never rejects: a client that misbehaves or leaves is its own affair. */
async function converse(
  server: NameServer,
  connection: Deno.TcpConn,
  signal: AbortSignal,
): Promise<void> {
  const { hostname } = connection.remoteAddr;
  try {
    while (!signal.aborted) {
      const query = await within(connection, signal, () => readMessage(connection));
      if (!query) return;
      const reply = await server.handle(query, hostname, "tcp", signal);
      if (!reply) return;
      await within(connection, signal, () => writeMessage(connection, reply));
    }
  } catch {
    // The connection is closed below, which is all that can be done for it.
  } finally {
    closeQuietly(connection);
  }
}

/** Closes the connection under `work` when it takes too long or the server stops. */
async function within<T>(
  connection: Deno.TcpConn,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const end = () => closeQuietly(connection);
  const timer = setTimeout(end, IDLE_MS);
  signal.addEventListener("abort", end, { once: true });
  try {
    return await work();
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}

async function readMessage(
  connection: Deno.TcpConn,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const header = await readExactly(connection, 2);
  const length = header && new DataView(header.buffer).getUint16(0);
  if (!length || length > LONGEST_QUERY) return undefined;
  return await readExactly(connection, length);
}

async function readExactly(
  connection: Deno.TcpConn,
  size: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const bytes = new Uint8Array(size);
  for (let read = 0; read < size;) {
    const count = await connection.read(bytes.subarray(read));
    if (count === null) return undefined;
    read += count;
  }
  return bytes;
}

async function writeMessage(
  connection: Deno.TcpConn,
  message: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const framed = new Uint8Array(2 + message.length);
  new DataView(framed.buffer).setUint16(0, message.length);
  framed.set(message, 2);
  for (let written = 0; written < framed.length;) {
    written += await connection.write(framed.subarray(written));
  }
}

function closeQuietly(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

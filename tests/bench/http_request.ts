/**
 * One HTTP request on a connection of its own, as Docker's engine calls its plugins, with as little of the client's own time in it as
 * can be: one write, and reads until the reply is complete.
 * @module
 */

/** A unix socket's path, or a port of this network namespace. */
export type Server = string | { readonly port: number };

export interface Reply {
  readonly status: number;
  readonly body: string;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export async function request(
  server: Server,
  method: string,
  path: string,
  body?: unknown,
): Promise<Reply> {
  using connection = await connect(server);
  const text = body === undefined ? "" : JSON.stringify(body);
  const length = encoder.encode(text).length;
  await writeAll(
    connection,
    `${method} ${path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${text}`,
  );
  return await readReply(connection);
}

/** Like `request`; a status of 400 or more throws. Returns the JSON of the reply, or undefined when it is empty. */
export async function must(
  server: Server,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const reply = await request(server, method, path, body);
  if (reply.status >= 400) throw new Error(`${method} ${path}: ${reply.status} ${reply.body}`);
  return reply.body.trim() === "" ? undefined : JSON.parse(reply.body);
}

function connect(server: Server): Promise<Deno.Conn> {
  return typeof server === "string"
    ? Deno.connect({ transport: "unix", path: server })
    : Deno.connect({ hostname: "127.0.0.1", port: server.port });
}

async function writeAll(connection: Deno.Conn, text: string): Promise<void> {
  const bytes = encoder.encode(text);
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

async function readReply(connection: Deno.Conn): Promise<Reply> {
  const buffer = new Uint8Array(64 * 1024);
  let text = "";
  while (!isComplete(text)) {
    const count = await connection.read(buffer);
    if (count === null) break;
    text += decoder.decode(buffer.subarray(0, count));
  }
  const end = text.indexOf("\r\n\r\n");
  const head = text.slice(0, end);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? NaN);
  if (end < 0 || Number.isNaN(status)) throw new Error(`no HTTP reply: ${text.slice(0, 200)}`);
  const body = text.slice(end + 4);
  return { status, body: isChunked(head) ? joinChunks(body) : body };
}

/** Lengths count characters, which are bytes here: what is measured replies in ASCII. */
function isComplete(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const head = text.slice(0, end);
  if (isChunked(head)) return text.endsWith("\r\n0\r\n\r\n");
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (length !== undefined) return text.length - end - 4 >= Number(length);
  return /^HTTP\/1\.1 204/.test(head);
}

function isChunked(head: string): boolean {
  return /^transfer-encoding: *chunked/im.test(head);
}

function joinChunks(body: string): string {
  let joined = "";
  for (let at = 0; at < body.length;) {
    const line = body.indexOf("\r\n", at);
    const length = parseInt(body.slice(at, line), 16);
    if (!length) break;
    joined += body.slice(line + 2, line + 2 + length);
    at = line + 2 + length + 2;
  }
  return joined;
}

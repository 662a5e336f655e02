import assert from "node:assert/strict";
import { serveUnix, SocketInUseError } from "./unix_socket.ts";

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function get(path: string): Promise<string> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  const reply = await fetch("http://localhost/", { client, headers: { connection: "close" } });
  return await reply.text();
}

/** As a killed process does: closing a listener removes its own name only. */
function leaveSocket(path: string): void {
  const listener = Deno.listen({ transport: "unix", path: `${path}.new` });
  Deno.linkSync(`${path}.new`, path);
  listener.close();
}

const answer = (text: string) => () => new Response(text, { headers: { connection: "close" } });

Deno.test("serveUnix is its owner's only and leaves no socket when stopped", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/deep/er/a.sock`;
    const stop = new AbortController();
    const server = await serveUnix(path, { handler: answer("ok"), signal: stop.signal });
    const { mode, isSocket } = Deno.lstatSync(path);
    assert.ok(isSocket);
    assert.equal((mode ?? 0) & 0o777, 0o600);
    assert.equal((Deno.statSync(`${directory}/deep/er`).mode ?? 0) & 0o777, 0o700);
    assert.equal(await get(path), "ok");
    stop.abort();
    await server.finished;
    assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound);
  }));

Deno.test("serveUnix leaves the process's mask as it was when it listens, and when it cannot", () =>
  withDirectory(async (directory) => {
    const before = Deno.umask();
    const stop = new AbortController();
    const server = await serveUnix(`${directory}/a`, { handler: answer(""), signal: stop.signal });
    assert.equal(Deno.umask(), before);
    const tooLong = `${directory}/${"x".repeat(200)}`;
    await assert.rejects(serveUnix(tooLong, { handler: answer(""), signal: stop.signal }));
    assert.equal(Deno.umask(), before);
    stop.abort();
    await server.finished;
  }));

Deno.test("serveUnix replaces the socket that a dead process left", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/a.sock`;
    leaveSocket(path);
    assert.ok(Deno.lstatSync(path).isSocket);
    const stop = new AbortController();
    const server = await serveUnix(path, { handler: answer("new"), signal: stop.signal });
    assert.equal(await get(path), "new");
    stop.abort();
    await server.finished;
  }));

Deno.test("serveUnix refuses to take the place of a living server, or of what is no socket", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/a.sock`;
    const stop = new AbortController();
    const service = { handler: answer("first"), signal: stop.signal };
    const server = await serveUnix(path, service);
    await assert.rejects(serveUnix(path, service), SocketInUseError);
    assert.equal(await get(path), "first");
    const file = `${directory}/file`;
    Deno.writeTextFileSync(file, "precious");
    await assert.rejects(serveUnix(file, service), SocketInUseError);
    assert.equal(Deno.readTextFileSync(file), "precious");
    stop.abort();
    await server.finished;
  }));

Deno.test("serveUnix finishes requests under way when it is stopped", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/a.sock`;
    const entered = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const stop = new AbortController();
    const server = await serveUnix(path, {
      handler: async () => {
        entered.resolve();
        await release.promise;
        return answer("done")();
      },
      signal: stop.signal,
    });
    const reply = get(path);
    await entered.promise;
    stop.abort();
    release.resolve();
    assert.equal(await reply, "done");
    await server.finished;
  }));

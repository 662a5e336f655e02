import assert from "node:assert/strict";
import { Hono } from "hono";
import type { Log } from "../../mod/agent/log.ts";
import { parseListen, serveMaster } from "./serve.ts";

const log: Log = { debug() {}, info() {}, warn() {}, error() {} };

Deno.test("parseListen takes addresses of both families and no host", () => {
  assert.deepEqual(parseListen("127.0.0.1:9999"), { hostname: "127.0.0.1", port: 9999 });
  assert.deepEqual(parseListen("[::1]:80"), { hostname: "::1", port: 80 });
  assert.deepEqual(parseListen(":9999"), { hostname: "0.0.0.0", port: 9999 });
  for (const bad of ["", "9999", "a:b", "a:70000", "::1:80"]) assert.throws(() => parseListen(bad));
});

Deno.test("serveMaster finishes requests under way when it is stopped", async () => {
  const stop = new AbortController();
  const entered = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const app = new Hono().get("/", async (c) => {
    entered.resolve();
    await release.promise;
    return c.text("done");
  });
  const server = await serveMaster(app, "127.0.0.1:0", { signal: stop.signal, log });
  const reply = fetch(`http://${server.address}/`);
  await entered.promise;
  stop.abort();
  release.resolve();
  assert.equal(await (await reply).text(), "done");
  await server.finished;
});

Deno.test("serveMaster does not wait for half a request when it is stopped, nor lets it hold up others", async () => {
  const stop = new AbortController();
  const app = new Hono().post("/", async (c) => c.text(await c.req.text().catch(() => "cut off")));
  const server = await serveMaster(app, "127.0.0.1:0", { signal: stop.signal, log, grace: 20 });
  const { hostname, port } = parseListen(server.address);
  using half = await Deno.connect({ hostname, port });
  await half.write(
    new TextEncoder().encode("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{"),
  );
  const whole = await fetch(`http://${server.address}/`, { method: "POST", body: "whole" });
  assert.equal(await whole.text(), "whole");
  stop.abort();
  await server.finished;
});

Deno.test("serveMaster makes a unix socket for its owner only", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/master.sock`;
  const stop = new AbortController();
  const app = new Hono().get("/", (c) => c.text("ok"));
  const server = await serveMaster(app, path, { signal: stop.signal, log });
  assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  assert.equal(await (await fetch("http://localhost/", { client })).text(), "ok");
  client.close();
  stop.abort();
  await server.finished;
  await Deno.remove(directory, { recursive: true });
});

import assert from "node:assert/strict";
import { stopGracefully } from "./graceful_stop.ts";

const serve = (handler: () => Promise<Response>) =>
  Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);

Deno.test("stopGracefully resolves and tells when a request outlasts the grace", async () => {
  const entered = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const stop = new AbortController();
  const server = serve(async () => {
    entered.resolve();
    await release.promise;
    return new Response("at last", { headers: { connection: "close" } });
  });
  let late = 0;
  const finished = stopGracefully(server, stop.signal, () => late++, 10);
  const reply = fetch(`http://127.0.0.1:${server.addr.port}/`);
  await entered.promise;
  stop.abort();
  await finished;
  assert.equal(late, 1);
  release.resolve();
  assert.equal(await (await reply).text(), "at last");
  await server.finished;
});

Deno.test("stopGracefully stops at once when it was to stop before it started", async () => {
  const server = serve(() => Promise.reject(new Error("never asked")));
  let late = 0;
  await stopGracefully(server, AbortSignal.abort(), () => late++);
  await server.finished;
  assert.equal(late, 0);
});

/** Where etcd's connections go, and that they end. */
import assert from "node:assert/strict";
import { delay } from "../../delay.ts";
import { openEtcdStore } from "./etcd_store.ts";

/** gRPC tries again after at most this long (transport.ts: 1 s, and a fifth of that by chance). */
const RETRY_MS = 1_200;

function listen(port = 0): { port: number; close: () => Promise<"connected" | "nobody came"> } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  const came = listener.accept().then((connection) => {
    connection.close();
    return "connected" as const;
  }, () => "nobody came" as const);
  return {
    port: listener.addr.port,
    close: () => {
      listener.close();
      return came;
    },
  };
}

async function freePort(): Promise<number> {
  const listener = listen();
  await listener.close();
  return listener.port;
}

async function askInVain(port: number): Promise<void> {
  const store = await openEtcdStore({ endpoints: [`127.0.0.1:${port}`] });
  const signal = AbortSignal.timeout(500);
  await assert.rejects(store.get("/contiv.io/a", { signal }), { code: "timeout" });
  await store.close();
}

Deno.test("etcd store opens no connection after it was closed, though a member was away", async () => {
  const port = await freePort();
  await askInVain(port);
  const listener = listen(port);
  await delay(2 * RETRY_MS);
  assert.equal(await listener.close(), "nobody came");
});

Deno.test("etcd store goes to its members by itself, whatever proxy the environment names", async () => {
  const proxy = listen();
  const before = Deno.env.get("http_proxy");
  Deno.env.set("http_proxy", `http://127.0.0.1:${proxy.port}`);
  try {
    await askInVain(await freePort());
  } finally {
    if (before === undefined) Deno.env.delete("http_proxy");
    else Deno.env.set("http_proxy", before);
  }
  assert.equal(await proxy.close(), "nobody came");
});

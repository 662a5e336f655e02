import assert from "node:assert/strict";
import { StoreError } from "../../../mod/state/store.ts";
import { openConsulStore } from "./consul_store.ts";
import { checkOptions, type ConsulOptions } from "./options.ts";

Deno.test("checkOptions takes names, IPv4 and bracketed IPv6 addresses with a port", () => {
  const endpoints = ["consul.example:8500", "192.0.2.1:1", "[2001:db8::1]:65535"];
  assert.deepEqual(checkOptions({ endpoints }).map(({ host, port }) => [host, port]), [
    ["consul.example", 8500],
    ["192.0.2.1", 1],
    ["2001:db8::1", 65535],
  ]);
});

Deno.test("openConsulStore rejects with unusable what can never work, and repeats no secret", async () => {
  const good = ["a:1"];
  const key = "-----BEGIN PRIVATE KEY-----";
  const cases: ConsulOptions[] = [
    { endpoints: [] },
    ...["", "a", "a:0", "a:65536", "a:b", ":1", "[a:1", "http://a:1", "u:s3cret@a:1", "a b:1"].map(
      (endpoint) => ({ endpoints: [endpoint] }),
    ),
    { endpoints: good, tls: { key } },
    { endpoints: good, tls: { certificate: "-----BEGIN CERTIFICATE-----" } },
    { endpoints: good, tls: { ca: "/etc/s3cret.pem" } },
    { endpoints: good, token: "" },
    { endpoints: good, token: "s3cret\r\nX: y" },
  ];
  for (const options of cases) {
    await assert.rejects(openConsulStore(options), (error) => {
      assert.ok(error instanceof StoreError && error.code === "unusable");
      assert.ok(!error.message.includes("s3cret") && !error.message.includes(key));
      return true;
    }, JSON.stringify(options));
  }
});

Deno.test("openConsulStore opens without a server, and its calls end when their caller gives up", async () => {
  const store = await openConsulStore({ endpoints: ["127.0.0.1:1"] });
  try {
    const signal = AbortSignal.timeout(50);
    await assert.rejects(store.get("/contiv.io/a", { signal }), { code: "timeout" });
    const [member] = await store.health();
    assert.deepEqual([member?.endpoint, member?.healthy], ["127.0.0.1:1", false]);
  } finally {
    await store.close();
  }
});

Deno.test("consul store says what is wrong when something else answers at the endpoint", async () => {
  const quiet = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const server = Deno.serve(quiet, () => new Response("<html>hello</html>"));
  const store = await openConsulStore({ endpoints: [`127.0.0.1:${server.addr.port}`] });
  try {
    const wrong = { code: "unavailable", message: /not Consul's HTTP API/ };
    await assert.rejects(store.list("/contiv.io/"), wrong);
    await assert.rejects(store.grantLease(10_000), wrong);
  } finally {
    await store.close();
    await server.shutdown();
  }
});

import assert from "node:assert/strict";
import { objectTypes } from "../../mod/model/registry.ts";
import { startMaster, type TestMaster } from "../../tests/replay/master.ts";
import { BODY_LIMIT } from "./request_body.ts";

const JSON_TYPE = { "content-type": "application/json" };

function network(name: string, subnet: string): RequestInit {
  const body = { tenantName: "default", networkName: name, encap: "vxlan", subnet };
  return { method: "POST", headers: JSON_TYPE, body: JSON.stringify(body) };
}

async function outcome(master: TestMaster, path: string, init?: RequestInit) {
  const reply = await master.request(path, init);
  return { status: reply.status, text: await reply.text(), headers: reply.headers };
}

Deno.test("master API routes create, list, get, inspect and delete when a network is managed", async () => {
  await using master = await startMaster();
  const one = "/api/v1/networks/default:n1/";
  const created = await outcome(master, one, network("n1", "10.1.0.0/16"));
  assert.equal(created.status, 200);
  assert.equal(created.headers.get("content-type"), "application/json");
  assert.equal(
    created.text,
    '{"key":"default:n1","encap":"vxlan","networkName":"n1","nwType":"data","subnet":"10.1.0.0/16",' +
      '"tenantName":"default","link-sets":{},"links":{"Tenant":{"type":"tenant","key":"default"}}}\n',
  );
  assert.equal((await outcome(master, one)).text, created.text);
  assert.equal((await outcome(master, "/api/v1/networks/")).text, `[${created.text.trimEnd()}]\n`);
  assert.equal((await outcome(master, "/api/v1/networks")).status, 200);
  const inspected = JSON.parse(
    (await outcome(master, "/api/v1/inspect/networks/default:n1/")).text,
  );
  assert.deepEqual(inspected.Config, JSON.parse(created.text));
  assert.equal(inspected.Oper.externalPktTag, 1);
  const removed = await outcome(master, one, { method: "DELETE" });
  assert.deepEqual([removed.status, removed.text], [200, '"default:n1"\n']);
  assert.equal((await outcome(master, "/api/v1/networks/")).text, "[]\n");
});

Deno.test("master API answers every list and inspect route when the cluster is fresh", async () => {
  await using master = await startMaster();
  for (const { plural } of objectTypes) {
    const list = await outcome(master, `/api/v1/${plural}/`);
    assert.equal(list.status, 200, plural);
    assert(Array.isArray(JSON.parse(list.text)));
  }
  for (
    const path of [
      "inspect/globals/global/",
      "inspect/tenants/default/",
      "globals/global/",
      "tenants/default/",
    ]
  ) {
    assert.equal((await outcome(master, `/api/v1/${path}`)).status, 200, path);
  }
  assert.deepEqual(JSON.parse((await outcome(master, "/version")).text), {
    GitCommit: "test",
    Version: "0.1.0",
    BuildTime: "test",
  });
  assert.equal(JSON.parse((await outcome(master, "/info")).text)["leader-ip"], "127.0.0.1:9999");
});

const raw = (body: BodyInit, headers: Record<string, string> = JSON_TYPE): RequestInit => ({
  method: "POST",
  headers,
  body,
});

const refusals: readonly (readonly [string, string, RequestInit, number, RegExp])[] = [
  ["an object is unknown", "/api/v1/networks/default:no/", {}, 404, /^network not found\n/],
  [
    "an inspected object is unknown",
    "/api/v1/inspect/endpointGroups/default:no/",
    {},
    404,
    /^endpointGroup not found\n/,
  ],
  ["an endpoint is unknown", "/api/v1/inspect/endpoints/no/", {}, 404, /^endpoint not found\n/],
  [
    "a deleted object is unknown",
    "/api/v1/tenants/no/",
    { method: "DELETE" },
    404,
    /^tenant not found\n/,
  ],
  [
    "a plural is unknown",
    "/api/v1/policys/",
    {},
    404,
    /^404 page not found\nNothing is at "\/api\/v1\/policys"/,
  ],
  ["a method is unknown", "/api/v1/networks/", { method: "DELETE" }, 404, /^404 page not found\n/],
  [
    "the body is not JSON",
    "/api/v1/networks/default:n/",
    raw("{bad"),
    400,
    /^the request's body is not JSON: /,
  ],
  [
    "the body is empty",
    "/api/v1/networks/default:n/",
    raw(""),
    400,
    /^the request's body is not JSON: /,
  ],
  [
    "the body is not UTF-8",
    "/api/v1/networks/default:n/",
    raw(new Uint8Array([0xff])),
    400,
    /it is not UTF-8\n/,
  ],
  ["the body is an array", "/api/v1/networks/default:n/", raw("[]"), 400, /./],
  ["the body is null", "/api/v1/networks/default:n/", raw("null"), 400, /./],
  [
    "the key is another's",
    "/api/v1/networks/default:n/",
    network("m", "10.0.0.0/8"),
    400,
    /^Invalid Key\n/,
  ],
  [
    "a field is malformed",
    "/api/v1/networks/default:n/",
    network("n", "10.0.0.0"),
    400,
    /^subnet string invalid format\n/,
  ],
  ["the key holds NUL", "/api/v1/networks/default:n%00/", {}, 400, /^Invalid Key\n/],
  ["the key holds a newline", "/api/v1/networks/default:n%0A/", {}, 400, /^Invalid Key\n/],
  ["the key holds a slash", "/api/v1/networks/default:a%2Fb/", {}, 404, /^network not found\n/],
  [
    "the key is a path upwards",
    "/api/v1/networks/%2e%2e%2ftenants/",
    {},
    404,
    /^network not found\n/,
  ],
  ["the key is badly encoded", "/api/v1/networks/default:%zz/", {}, 400, /^Invalid Key\n/],
  [
    "the key is 10,000 characters",
    `/api/v1/networks/${"a".repeat(10_000)}/`,
    {},
    400,
    /^Invalid Key\n/,
  ],
  [
    "a plugin call is not JSON",
    "/plugin/allocAddress",
    raw("{}", { "content-type": "text/plain" }),
    415,
    /^Content-Type must be/,
  ],
  [
    "a plugin call has wrong types",
    "/plugin/allocAddress",
    raw('{"NetworkID":1}'),
    400,
    /^NetworkID: /,
  ],
  [
    "a plugin call names no network",
    "/plugin/allocAddress",
    raw('{"NetworkID":"x.default"}'),
    404,
    /^key not found\nThere is no network/,
  ],
  ["a plugin call is read", "/plugin/createEndpoint", {}, 404, /^404 page not found\n/],
];

for (const [why, path, init, status, text] of refusals) {
  Deno.test(`master API refuses with ${status} when ${why}`, async () => {
    await using master = await startMaster();
    const before = await master.contents();
    const reply = await outcome(master, path, init);
    assert.equal(reply.status, status, reply.text);
    assert.match(reply.text, text);
    assert.match(reply.text, /\n$/);
    assert.equal(reply.headers.get("content-type"), "text/plain; charset=utf-8");
    assert.equal(await master.contents(), before);
  });
}

Deno.test("master API answers errors as the original did when the client is the original's", async () => {
  await using master = await startMaster();
  const headers = { "user-agent": "Go-http-client/1.1" };
  const missing = await outcome(master, "/api/v1/networks/default:no/", { headers });
  assert.equal(missing.status, 500);
  assert.match(missing.text, /^network not found\n/);
  const nowhere = await outcome(master, "/api/v1/nosuch/", { headers });
  assert.deepEqual([nowhere.status, nowhere.text], [404, "404 page not found\n"]);
});

Deno.test("master API refuses with 413 when a body is too large, announced or streamed", async () => {
  await using master = await startMaster();
  const path = "/api/v1/networks/default:n/";
  const large = JSON.stringify({ pad: "x".repeat(BODY_LIMIT) });
  assert.equal((await outcome(master, path, raw(large))).status, 413);
  // No length announced: sent in chunks.
  const chunk = new Uint8Array(64 * 1024).fill(0x20);
  const stream = ReadableStream.from(Array.from({ length: 5 }, () => chunk));
  assert.equal((await outcome(master, path, raw(stream))).status, 413);
});

Deno.test("master API makes all 32 networks when they are created at once", async () => {
  await using master = await startMaster();
  const names = Array.from({ length: 32 }, (_, index) => `n${index}`);
  const replies = await Promise.all(
    names.map((name, index) =>
      outcome(master, `/api/v1/networks/default:${name}/`, network(name, `10.${index}.0.0/16`))
    ),
  );
  assert.deepEqual(
    replies.map(({ status }) => status),
    names.map(() => 200),
    replies.find(({ status }) => status !== 200)?.text ?? "",
  );
  const tags = await Promise.all(names.map(async (name) => {
    const inspected = await outcome(master, `/api/v1/inspect/networks/default:${name}/`);
    return JSON.parse(inspected.text).Oper.externalPktTag;
  }));
  assert.equal(new Set(tags).size, 32);
});

Deno.test("master API makes a network once when 32 create the same one", async () => {
  await using master = await startMaster();
  const path = "/api/v1/networks/default:n/";
  const replies = await Promise.all(
    Array.from(
      { length: 32 },
      (_, index) => outcome(master, path, network("n", `10.${index}.0.0/16`)),
    ),
  );
  const granted = replies.filter(({ status }) => status === 200);
  assert.equal(granted.length, 1);
  assert(replies.every(({ status }) => status === 200 || status === 409));
  assert.equal((await outcome(master, path)).text, granted[0]?.text);
});

Deno.test("master API serves reads and refuses writes with 503 when the store is down", async () => {
  await using master = await startMaster();
  assert.equal((await outcome(master, "/healthz")).status, 200);
  const before = await master.contents();
  master.storeDown = true;
  const write = await outcome(master, "/api/v1/tenants/t/", raw('{"tenantName":"t"}'));
  assert.equal(write.status, 503, write.text);
  assert.match(write.text, /\n.*healthz/);
  assert.equal((await outcome(master, "/api/v1/tenants/")).status, 200);
  assert.equal((await outcome(master, "/api/v1/inspect/globals/global/")).status, 200);
  const sick = await outcome(master, "/healthz");
  assert.equal(sick.status, 503);
  assert.equal(JSON.parse(sick.text).store.ok, false);
  master.storeDown = false;
  assert.equal(await master.contents(), before);
});

Deno.test("master API logs each request with its duration and no body", async () => {
  await using master = await startMaster();
  await outcome(master, "/api/v1/tenants/");
  const entry = master.log.find(({ properties }) => properties.method === "GET");
  assert.equal(entry?.level, "debug");
  assert.equal(entry.properties.status, 200);
  assert.equal(typeof entry.properties.duration, "number");
});

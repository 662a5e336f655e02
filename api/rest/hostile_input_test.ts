/**
 * Every field of every request, given what it must not be given, over the real listener. What to send is made from the schemas: a new
 * object is covered by naming one valid body of it here.
 */
import assert from "node:assert/strict";
import type { z } from "zod";
import { keyOf, type ObjectType } from "../../mod/model/object.ts";
import { objectTypes } from "../../mod/model/registry.ts";
import { startMaster, type TestMaster } from "../../tests/replay/master.ts";
import * as wire from "./plugin_wire.ts";
import { BODY_LIMIT } from "./request_body.ts";

type Body = Readonly<Record<string, unknown>>;

/** One valid body a type, of an object that does not exist. */
const VALID: Readonly<Record<string, Body>> = {
  endpointGroup: { tenantName: "default", groupName: "new", networkName: "net1" },
  global: {
    name: "global",
    pvtSubnet: "172.19.0.0/16",
    vlans: "1-4094",
    vxlans: "1-10000",
  },
  network: { tenantName: "default", networkName: "new", encap: "vxlan", subnet: "10.9.0.0/16" },
  tenant: { tenantName: "new" },
};

const PLUGIN_CALLS: Readonly<Record<string, { schema: z.ZodObject; valid: Body }>> = {
  allocAddress: { schema: wire.allocAddressRequest, valid: { NetworkID: "net1.default" } },
  releaseAddress: {
    schema: wire.releaseAddressRequest,
    valid: { NetworkID: "net1.default", IPv4Address: "10.1.0.9" },
  },
  createEndpoint: {
    schema: wire.createEndpointRequest,
    valid: {
      TenantName: "default",
      NetworkName: "net1",
      EndpointID: "new",
      ConfigEP: { Host: "hostA" },
    },
  },
  deleteEndpoint: {
    schema: wire.deleteEndpointRequest,
    valid: { TenantName: "default", NetworkName: "net1", EndpointID: "ep1" },
  },
  updateEndpoint: {
    schema: wire.updateEndpointRequest,
    valid: { TenantName: "default", NetworkName: "net1", EndpointID: "ep1", Event: "start" },
  },
};

/** Of a type that a field may not have, or not within. */
const MISTYPED = [true, 1, 1.5, -1, 1e300, {}, { a: { b: [] } }, [], [1], [["x"]], [{}], [null]];
/** Characters that separate keys, paths, lines or words somewhere, that cannot be seen, or that are no characters. */
const HOSTILE = [
  " ",
  "a b",
  "a/b",
  "../../etc",
  "a:b",
  "a|b",
  "a\0b",
  "a\nb",
  "a\r\nX-Injected: 1",
  "a\u001b[31m",
  "a\u202eb",
  "\ud800",
  "é",
  "😀",
  "a%2fb",
  "<script>",
  "'; DROP TABLE log; --",
  "$(reboot)",
  "-rf",
  "__proto__",
  "x".repeat(257),
  "x".repeat(100_000),
  "1".repeat(10_000),
  "x".repeat(BODY_LIMIT),
];
/** No text field may take these, whatever it is for. */
const NEVER = /\p{Cc}|\p{Cs}/u;

async function post(master: TestMaster, path: string, body: BodyInit) {
  const reply = await master.request(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  return { status: reply.status, text: await reply.text() };
}

/** A master with a network, a group and an endpoint: something to damage. */
async function furnished(): Promise<TestMaster> {
  const master = await startMaster();
  const network = {
    tenantName: "default",
    networkName: "net1",
    encap: "vxlan",
    subnet: "10.1.0.0/16",
  };
  const group = { tenantName: "default", groupName: "grp1", networkName: "net1" };
  const endpoint = { ...PLUGIN_CALLS.createEndpoint?.valid, EndpointID: "ep1" };
  const steps: [string, Body][] = [
    ["/api/v1/networks/default:net1/", network],
    ["/api/v1/endpointGroups/default:grp1/", group],
    ["/plugin/createEndpoint", endpoint],
  ];
  for (const [path, body] of steps) {
    const { status, text } = await post(master, path, JSON.stringify(body));
    assert.equal(status, 200, text);
  }
  return master;
}

/** A refusal says one clear sentence, and changes nothing. */
async function refuses(master: TestMaster, path: string, body: Body, why: string): Promise<void> {
  const before = await master.contents();
  const { status, text } = await post(master, path, JSON.stringify(body));
  assert(status >= 400 && status < 500, `${why}: ${status} ${text}`);
  assert.match(text, /^[^\n]{5,600}\n([^\n]{5,}\n)?$/, why);
  // deno-fmt-ignore
  assert(!/\p{Cc}|\p{Cs}|undefined|\[object/u.test(text.replaceAll("\n", "")), `${why}: ${JSON.stringify(text)}`);
  assert.equal(await master.contents(), before, why);
}

/** Whether the schema takes `value` for the field: then it is up to the object, but never a failure of ours. */
async function tryField(
  master: TestMaster,
  path: string,
  schema: z.ZodObject,
  body: Body,
  field: string,
): Promise<void> {
  const value = body[field];
  const why = `${path} ${field}=${JSON.stringify(value).slice(0, 40)}`;
  const takes = schema.shape[field]?.safeParse(value).success;
  const size = JSON.stringify(body).length;
  if (typeof value === "string" && NEVER.test(value)) assert(!takes, why);
  if (!takes || size > BODY_LIMIT) return await refuses(master, path, body, why);
  const { status, text } = await post(master, path, JSON.stringify(body));
  assert(status < 500, `${why}: ${status} ${text}`);
}

/** Fields of the objects that a body holds: `ConfigEP.Host`; and keys and values of its maps. */
function nestedFields(schema: z.ZodObject): [outer: string, field: string][] {
  return Object.entries(schema.shape).flatMap(([outer, field]) => {
    const empty: unknown = field.safeParse({}).data;
    if (typeof empty !== "object" || empty === null) return [];
    return [...Object.keys(empty), "any key", "a\0b"].map((
      inner,
    ): [string, string] => [outer, inner]);
  });
}

function pathOf(type: ObjectType, body: Body): string {
  const key = keyOf(type, body);
  const usable = key.length < 300 && !/\p{Cs}/u.test(key) && !key.includes("[object");
  return `/api/v1/${type.plural}/${
    encodeURIComponent(usable ? key : keyOf(type, VALID[type.type] ?? {}))
  }/`;
}

for (const type of objectTypes.filter(({ inspectOnly }) => !inspectOnly)) {
  Deno.test(`master API refuses every field of ${type.type} that is of a wrong type, too long or hostile`, async () => {
    await using master = await furnished();
    const valid = VALID[type.type];
    assert(valid, `give one valid ${type.type} in VALID`);
    assert(type.schema.safeParse(valid).success);
    for (const field of type.fields) {
      for (const value of [...MISTYPED, ...HOSTILE]) {
        const body = { ...valid, [field]: value };
        await tryField(master, pathOf(type, body), type.schema, body, field);
      }
    }
  });
}

for (const [name, { schema, valid }] of Object.entries(PLUGIN_CALLS)) {
  Deno.test(`master API refuses every field of ${name} that is of a wrong type, too long or hostile`, async () => {
    await using master = await furnished();
    for (const field of Object.keys(schema.shape)) {
      for (const value of [...MISTYPED, ...HOSTILE]) {
        await tryField(master, `/plugin/${name}`, schema, { ...valid, [field]: value }, field);
      }
    }
    for (const [outer, field] of nestedFields(schema)) {
      for (const value of [...MISTYPED, ...HOSTILE]) {
        const body = { ...valid, [outer]: { [field]: value } };
        await tryField(master, `/plugin/${name}`, schema, body, outer);
      }
    }
  });
}

Deno.test("master API refuses every body that is not an object, or broken, on every path that takes one", async () => {
  await using master = await furnished();
  const paths = [
    ...objectTypes.filter((type) => VALID[type.type]).map((type) =>
      pathOf(type, VALID[type.type] ?? {})
    ),
    ...Object.keys(PLUGIN_CALLS).map((name) => `/plugin/${name}`),
  ];
  const bodies = [
    ...[
      "",
      "{",
      "nul",
      "null",
      "true",
      "1",
      '"x"',
      "[]",
      "{}x",
      '{"a":1,}',
      "{'a':1}",
      "\ufeff",
      "\0",
    ],
    `{"a":${"[".repeat(50_000)}`,
    "[".repeat(50_000) + "]".repeat(50_000),
  ];
  const before = await master.contents();
  for (const path of paths) {
    for (const body of bodies) {
      const { status, text } = await post(master, path, body);
      assert(status >= 400 && status < 500, `${path} ${body.slice(0, 20)}: ${status} ${text}`);
      assert.match(text, /^[^\n]{5,400}\n([^\n]{5,}\n)?$/);
    }
  }
  assert.equal(await master.contents(), before);
});

Deno.test("master API answers hostile keys with 4xx on every object, method and inspect path", async () => {
  await using master = await furnished();
  const before = await master.contents();
  const keys = [
    ...HOSTILE.filter((key) => key.length < 10_000),
    "%",
    "%00",
    "%ff",
    "%2e%2e",
    "..%2f..",
  ];
  for (const { plural } of objectTypes) {
    for (const key of keys) {
      const encoded = /\p{Cs}|%/u.test(key)
        ? key.replaceAll("\ud800", "%ed%a0%80")
        : encodeURIComponent(key);
      for (
        const place of [`/api/v1/${plural}/${encoded}/`, `/api/v1/inspect/${plural}/${encoded}/`]
      ) {
        for (const method of place.includes("inspect") ? ["GET"] : ["GET", "DELETE"]) {
          const reply = await master.request(place, { method });
          const text = await reply.text();
          assert(
            reply.status >= 400 && reply.status < 500,
            `${method} ${place}: ${reply.status} ${text}`,
          );
        }
      }
    }
  }
  assert.equal(await master.contents(), before);
});

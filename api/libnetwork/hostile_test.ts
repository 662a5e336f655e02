/**
 * Every field of every call, given values that no engine sends: the answer is valid or says why not, and a refusal changes nothing.
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { putObject } from "../../mod/intent/objects.ts";
import { StateEndpoints, TestState } from "../../tests/docker/test_state.ts";
import { libnetworkApi } from "./handler.ts";

const ID = "f".repeat(64);
const MAPPED = "a".repeat(64);
const IPAM = {
  AddressSpace: "contiv-local",
  Pool: "10.9.0.0/24",
  Gateway: "10.9.0.1/24",
  AuxAddresses: { printer: "10.9.0.9" },
};
const NETWORK = {
  NetworkID: ID,
  Options: {
    "com.docker.network.generic": {
      tenant: "default",
      network: "n",
      encap: "vxlan",
      "pkt-tag": "9",
    },
    "com.docker.network.internal": false,
  },
  IPv4Data: [IPAM],
  IPv6Data: [{ Pool: "fd00:9::/64", Gateway: "fd00:9::1/64" }],
};
const ENDPOINT = { NetworkID: MAPPED, EndpointID: ID };

/** A request of each kind that is granted. */
const CALLS: Readonly<Record<string, object>> = {
  "NetworkDriver.GwAllocCheck": { Options: NETWORK.Options },
  "NetworkDriver.AllocateNetwork": { ...NETWORK, Options: { encap: "vxlan" } },
  "NetworkDriver.FreeNetwork": { NetworkID: MAPPED },
  "NetworkDriver.CreateNetwork": NETWORK,
  "NetworkDriver.DeleteNetwork": { NetworkID: MAPPED },
  "NetworkDriver.CreateEndpoint": {
    ...ENDPOINT,
    Interface: { Address: "10.1.0.7/24", AddressIPv6: "", MacAddress: "02:00:00:00:00:07" },
    Options: { "com.docker.network.endpoint.macaddress": btoa("\x02\0\0\0\0\x07") },
  },
  "NetworkDriver.DeleteEndpoint": ENDPOINT,
  "NetworkDriver.EndpointOperInfo": ENDPOINT,
  "NetworkDriver.Join": { ...ENDPOINT, SandboxKey: "/run/docker/netns/1", Options: {} },
  "NetworkDriver.Leave": ENDPOINT,
  "NetworkDriver.ProgramExternalConnectivity": { ...ENDPOINT, Options: {} },
  "NetworkDriver.RevokeExternalConnectivity": ENDPOINT,
  "NetworkDriver.DiscoverNew": { DiscoveryType: 1, DiscoveryData: { Address: "10.0.0.1" } },
  "NetworkDriver.DiscoverDelete": { DiscoveryType: 1, DiscoveryData: {} },
  "IpamDriver.RequestPool": {
    AddressSpace: "contiv-local",
    Pool: "10.8.0.0/24",
    SubPool: "10.8.0.8/29",
    Options: { tenant: "default" },
    V6: false,
  },
  "IpamDriver.ReleasePool": { PoolID: "docker@.default|10.8.0.0/24" },
  "IpamDriver.RequestAddress": {
    PoolID: "net1.default|10.1.0.0/24",
    Address: "10.1.0.9",
    Options: { RequestAddressType: "" },
  },
  "IpamDriver.ReleaseAddress": { PoolID: "net1.default|10.1.0.0/24", Address: "10.1.0.9" },
};

/** With a network that Docker has, which `MAPPED` stands for. */
async function newState(): Promise<TestState> {
  const state = new TestState();
  const body = {
    tenantName: "default",
    networkName: "net1",
    encap: "vxlan",
    subnet: "10.1.0.0/24",
    gateway: "10.1.0.254",
  };
  const context = { now: 0, clusterMode: "docker" };
  await state.commit((it) => putObject(it, "networks", "default:net1", body, context));
  const generic = { network: "net1" };
  const { status, text } = await ask(state, "NetworkDriver.CreateNetwork", {
    NetworkID: MAPPED,
    Options: { "com.docker.network.generic": generic },
    IPv4Data: [{ Pool: "10.1.0.0/24" }],
    IPv6Data: [],
  });
  assert.equal(status, 200, text);
  return state;
}

async function ask(
  state: TestState,
  call: string,
  body: unknown,
): Promise<{ status: number; text: string }> {
  const { snapshot, commit } = state;
  const handler = libnetworkApi({
    host: "hostA",
    scope: "local",
    now: () => 1_000_000,
    snapshot,
    commit,
    endpoints: new StateEndpoints(state, "hostA"),
  });
  const request = new Request(`http://localhost/${call}`, {
    method: "POST",
    body: JSON.stringify(body) ?? "",
  });
  const response = await handler(request);
  return { status: response.status, text: await response.text() };
}

for (const [call, body] of Object.entries(CALLS)) {
  Deno.test(`driver grants ${call} when the request is as engines send it`, async () => {
    const { status, text } = await ask(await newState(), call, body);
    // There is no endpoint to join.
    assert.equal(status, call === "NetworkDriver.Join" ? 500 : 200, text);
  });
}

type Path = readonly (string | number)[];

/** Ways to every field of a value, itself included. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Array.isArray(value)
    ? value.flatMap((item, index) => pathsOf(item, [...path, index]))
    : Object.entries(value).flatMap(([name, item]) => pathsOf(item, [...path, name]));
  return [path, ...inner];
}

function replaced(value: unknown, [step, ...rest]: Path, by: unknown): unknown {
  if (step === undefined) return by;
  if (Array.isArray(value)) {
    return value.map((item, index) => index === step ? replaced(item, rest, by) : item);
  }
  const entries = Object.entries(value ?? {});
  return Object.fromEntries(
    entries.map(([name, item]) => [name, name === step ? replaced(item, rest, by) : item]),
  );
}

const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    1e308,
    "",
    " ",
    "/",
    "../../etc/passwd",
    "a/b",
    "a:b",
    "a|b|c|d",
    "docker@.",
    "docker@.x|10.0.0.0/8",
    "\0",
    "\u202e",
    "__proto__",
    "constructor",
    "x".repeat(2000),
    "0.0.0.0/0",
    "10.0.0.0/33",
    "10.9.0.0/-1",
    "10.9.0.0/31",
    "10.9.0.300",
    "255.255.255.255",
    "::/0",
    "fe80::1%eth0",
    "::ffff:10.9.0.1",
    "net1.default|10.1.0.0/24|global",
    "net1:none.default|10.1.0.0/24",
    "ff:ff:ff:ff:ff:ff",
    "$(reboot)",
    [],
    {},
    [[]],
    [null],
    { network: "net1", group: "g", tenant: "none" },
    { "com.docker.network.generic": { network: 7 } },
    Array.from({ length: 300 }, () => ({ Pool: "10.9.0.0/24" })),
  ),
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: "binary", maxLength: 40 }),
);

const request = fc.constantFrom(...Object.keys(CALLS)).chain((call) =>
  fc.record({
    call: fc.constant(call),
    changes: fc.array(
      fc.record({ path: fc.constantFrom(...pathsOf(CALLS[call])), by: hostile }),
      { minLength: 1, maxLength: 2 },
    ),
  })
);

Deno.test("driver answers or says why not, and changes nothing when it refuses, whatever it is sent", async () => {
  const state = await newState();
  await fc.assert(
    fc.asyncProperty(request, async ({ call, changes }) => {
      const body = changes.reduce<unknown>(
        (value, { path, by }) => replaced(value, path, by),
        CALLS[call],
      );
      const before = state.dump();
      const { status, text } = await ask(state, call, body);
      const answer = JSON.parse(text);
      if (status === 200) return assert.equal(answer.Err, undefined, text);
      assert.equal(status, 500);
      assert.ok(typeof answer.Err === "string" && answer.Err !== "", text);
      assert.doesNotMatch(answer.Err, /TypeError|is not a function|Cannot read/, text);
      assert.deepEqual(state.dump(), before);
    }),
    { numRuns: 1500 },
  );
});

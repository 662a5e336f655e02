import assert from "node:assert/strict";
import { refusalOf, TestCluster } from "../intent/testing.ts";
import { formatPrefix } from "../net/prefix.ts";
import { createNetwork } from "./create_network.ts";
import { SWARM } from "./mapping.ts";
import { dockerPoolName, formatPoolId } from "./pool_id.ts";
import { type PoolRequest, releasePool, requestPool } from "./request_pool.ts";
import { RESERVATION_LIFETIME, RESERVATIONS } from "./reservation.ts";

const ASKER = { host: "hostA", now: 1000 };
const request = (changes: Partial<PoolRequest> = {}): PoolRequest => ({
  pool: "",
  subPool: "",
  options: {},
  v6: false,
  global: false,
  ...changes,
});

function cluster(): TestCluster {
  const cluster = new TestCluster();
  cluster.network("net1", "20.1.1.0/24", { gateway: "20.1.1.254", ipv6Subnet: "fd00:1::/64" });
  cluster.group("web", "net1", { cfgdTag: "web-tag" });
  return cluster;
}

const pool = (it: TestCluster, changes: Partial<PoolRequest>, asker = ASKER) =>
  it.apply(requestPool(it.snapshot, request(changes), asker));
const idOf = (it: TestCluster, changes: Partial<PoolRequest>) => formatPoolId(pool(it, changes).id);
const reservations = (it: TestCluster) => it.snapshot.list(RESERVATIONS).length;

const net1 = { network: "net1" };
const IDS: readonly (readonly [string, Partial<PoolRequest>, string])[] = [
  ["a network", { options: net1 }, "net1.default|20.1.1.0/24"],
  ["a network and its pool", { options: net1, pool: "20.1.1.0/24" }, "net1.default|20.1.1.0/24"],
  ["a network's IPv6 pool", { options: net1, v6: true }, "net1.default|fd00:1::/64"],
  ["a network for swarm", { options: net1, global: true }, "net1.default|20.1.1.0/24|global"],
  ["a group", { options: { ...net1, group: "web" } }, "net1:web.default|20.1.1.0/24"],
  ["a tag", { options: { "contiv-tag": "web-tag" } }, "net1:web.default|20.1.1.0/24"],
  ["a pool of its own", { pool: "10.5.0.7/24" }, "docker@.default|10.5.0.0/24"],
  ["any pool", {}, "docker@.default|10.192.0.0/24"],
  ["any IPv6 pool", { v6: true }, "docker@.default|fd63:6f6e:7469:7600::/64"],
];

for (const [title, changes, id] of IDS) {
  Deno.test(`requestPool names the pool so that later calls need nothing else when asked for ${title}`, () => {
    const it = cluster();
    assert.equal(idOf(it, changes), id);
    assert.equal(reservations(it), id.startsWith("docker@") ? 1 : 0);
  });
}

const REFUSALS: readonly (readonly [string, Partial<PoolRequest>, string, RegExp])[] = [
  ["an unknown network", { options: { network: "x" } }, "not-found", /Network x not found/],
  ["an unknown group", { options: { ...net1, group: "x" } }, "not-found", /EndpointGroup x/],
  ["an unknown tag", { options: { "contiv-tag": "x" } }, "not-found", /failed to lookup tag x/],
  ["an unknown tenant", { options: { tenant: "x" } }, "not-found", /Tenant not found/],
  ["another pool", { options: net1, pool: "20.1.2.0/24" }, "conflict", /is not the subnet/],
  ["a range of a network", { options: net1, subPool: "20.1.1.8/29" }, "invalid", /--ip-range/],
  ["no CIDR", { pool: "10.0.0.0" }, "invalid", /not a CIDR/],
  ["a pool too large", { pool: "10.0.0.0/7" }, "invalid", /length 7 not supported/],
  ["a pool too small", { pool: "10.0.0.0/32" }, "invalid", /length 32 not supported/],
  ["the wrong family", { pool: "fd00::/64" }, "invalid", /is not IPv4/],
  ["a pool in use", { pool: "20.1.1.128/25" }, "conflict", /network net1 conflicts with subnet/],
  ["a range outside", { pool: "10.5.0.0/24", subPool: "10.6.0.0/29" }, "invalid", /not inside/],
];

for (const [title, changes, code, message] of REFUSALS) {
  Deno.test(`requestPool refuses ${title}`, () => {
    const refusal = refusalOf(() => requestPool(cluster().snapshot, request(changes), ASKER));
    assert.equal(refusal.code, code);
    assert.match(refusal.message, message);
  });
}

Deno.test("requestPool gives each that names none another pool, past all that is taken", () => {
  const it = cluster();
  it.network("in-the-way", "10.192.1.0/24");
  it.network("large", "10.192.4.0/22");
  const pools = Array.from({ length: 4 }, () => formatPrefix(pool(it, {}).id.prefix));
  assert.deepEqual(pools, ["10.192.0.0/24", "10.192.2.0/24", "10.192.3.0/24", "10.192.8.0/24"]);
});

Deno.test("requestPool gives a pool anew whose network was never made", () => {
  const it = cluster();
  const first = idOf(it, {});
  assert.notEqual(idOf(it, {}), first);
  const late = { ...ASKER, now: ASKER.now + RESERVATION_LIFETIME };
  assert.equal(formatPoolId(pool(it, {}, late).id), first);
});

Deno.test("requestPool writes nothing when swarm's nodes ask for the pool of a network that is there", () => {
  const it = cluster();
  const own = {
    id: "s1",
    options: {},
    internal: false,
    ipv4: [{ pool: "10.5.0.0/24", gateway: "", auxiliary: [] }],
    ipv6: [],
    pending: [],
  };
  it.apply(createNetwork(it.snapshot, own, SWARM, ASKER));
  assert.equal(idOf(it, { pool: "10.5.0.0/24" }), "docker@.default|10.5.0.0/24");
  assert.equal(reservations(it), 0);
});

Deno.test("releasePool takes back what requestPool reserved, and nothing else", () => {
  const it = cluster();
  const id = idOf(it, { pool: "10.5.0.0/24" });
  for (const other of ["", "nonsense", "net1.default|20.1.1.0/24", `${id}|global`]) {
    it.apply(releasePool(it.snapshot, other));
    assert.equal(reservations(it), 1, other);
  }
  it.apply(releasePool(it.snapshot, id));
  assert.equal(reservations(it), 0);
  assert.ok(id.startsWith(dockerPoolName("default")));
});

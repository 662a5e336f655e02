import assert from "node:assert/strict";
import { refusalOf, TestCluster } from "../intent/testing.ts";
import type { Allocation, DockerNetworkState, NetworkState } from "../model/records.ts";
import { addressKey, dockerNetworkKey, networkKey } from "../state/keys.ts";
import { read } from "../state/snapshot.ts";
import { createNetwork, type NetworkCreation } from "./create_network.ts";
import { deleteNetwork, loseNetwork } from "./delete_network.ts";
import { CLUSTER_STORE, SWARM } from "./mapping.ts";
import { requestPoolAddress } from "./request_address.ts";
import { sweep } from "../alloc/sweep.ts";
import { requestPool } from "./request_pool.ts";
import { RESERVATIONS } from "./reservation.ts";

const ASKER = { host: "hostA", now: 1000 };
const NET1 = { tenant: "default", network: "net1", group: "" };

const request = (changes: Partial<NetworkCreation> = {}): NetworkCreation => ({
  id: "d1",
  options: {},
  internal: false,
  ipv4: [{ pool: "10.5.0.0/24", gateway: "10.5.0.1/24", auxiliary: [] }],
  ipv6: [],
  pending: [],
  ...changes,
});
const pool = (cidr: string, gateway = "", auxiliary: string[] = []) => [
  { pool: cidr, gateway, auxiliary },
];

function cluster(): TestCluster {
  const cluster = new TestCluster();
  cluster.network("net1", "20.1.1.0/24");
  cluster.group("web", "net1", { cfgdTag: "web-tag" });
  return cluster;
}

const create = (it: TestCluster, changes: Partial<NetworkCreation> = {}, holder = "hostA") =>
  it.apply(createNetwork(it.snapshot, request(changes), holder, ASKER));
const remove = (it: TestCluster, id = "d1", holder = "hostA") =>
  it.apply(deleteNetwork(it.snapshot, id, holder, ASKER));
const keys = (it: TestCluster) => it.snapshot.list("").map(({ key }) => key);
const mappedTo = (it: TestCluster, name: string) =>
  read<DockerNetworkState>(it.snapshot, dockerNetworkKey("default", name, ""))?.docknetUUID;
const network = (it: TestCluster, name: string) =>
  read<NetworkState>(it.snapshot, networkKey("default", name));

const MEANT: readonly (readonly [string, Partial<NetworkCreation>, object])[] = [
  ["options name a network", { options: { network: "net1" } }, NET1],
  ["options name a group", { options: { network: "net1", group: "web" } }, {
    ...NET1,
    group: "web",
  }],
  ["options name a tag", { options: { "contiv-tag": "web-tag" } }, { ...NET1, group: "web" }],
  ["its pool was just asked for as one's", { pending: [NET1] }, NET1],
  [
    "its pool was asked for as two's and options say which",
    { pending: [NET1, { ...NET1, group: "web" }], options: { network: "net1" } },
    NET1,
  ],
];

for (const [title, changes, expected] of MEANT) {
  Deno.test(`createNetwork lets Docker's network stand for what exists when ${title}`, () => {
    const it = cluster();
    const before = keys(it);
    const ref = create(it, { ipv4: pool("20.1.1.0/24"), ...changes });
    assert.deepEqual(ref, expected);
    const key = dockerNetworkKey(ref.tenant, ref.network, ref.group);
    assert.deepEqual(keys(it), [...before, key].sort());
    assert.deepEqual(read<DockerNetworkState>(it.snapshot, key)?.docknetUUID, { hostA: "d1" });
    remove(it);
    assert.deepEqual(keys(it), before, "the Contiv network stays");
  });
}

Deno.test("createNetwork makes a network as a user would, and deleteNetwork takes all of it back", () => {
  const it = cluster();
  const before = keys(it);
  create(it, {
    options: { network: "own", encap: "vxlan", "pkt-tag": "99" },
    ipv4: pool("10.5.0.0/24", "10.5.0.1/24", ["10.5.0.9"]),
    ipv6: pool("fd00:5::/64", "fd00:5::1/64"),
    internal: true,
  });
  const own = network(it, "own");
  assert.equal(own?.gateway, "10.5.0.1");
  assert.equal(own.ipv6Gateway, "fd00:5::1");
  assert.equal(own.extPktTag, 99);
  assert.equal(own.internal, true);
  const auxiliary = read<Allocation>(it.snapshot, addressKey(own.addressSpace, "10.5.0.9"));
  assert.deepEqual(auxiliary?.owner, { kind: "network", id: "own.default" });
  remove(it);
  assert.deepEqual(keys(it), before);
});

Deno.test("createNetwork names a network by Docker's id when the user did not name it", () => {
  const it = cluster();
  assert.equal(create(it).network, "d1");
  assert.equal(network(it, "d1")?.subnetIP, "10.5.0.0");
});

Deno.test("createNetwork uses up the reservation of its pool, and heeds its range", () => {
  const it = cluster();
  const ranged = { pool: "10.5.0.0/24", subPool: "10.5.0.8/29", options: {}, v6: false };
  it.apply(requestPool(it.snapshot, { ...ranged, global: false }, ASKER));
  create(it);
  assert.deepEqual(it.snapshot.list(RESERVATIONS), []);
  assert.equal(network(it, "d1")?.ipAddrRange, "10.5.0.8-10.5.0.15");
});

Deno.test("createNetwork changes nothing when it is told again", () => {
  const it = cluster();
  const ref = create(it);
  const before = it.snapshot;
  assert.deepEqual(create(it), ref);
  assert.equal(it.snapshot, before);
});

Deno.test("a network of swarm goes with the last that has it", () => {
  const it = cluster();
  const before = keys(it);
  create(it, {}, SWARM);
  for (const host of ["hostA", "hostB"]) create(it, {}, host);
  for (const host of ["hostA", "hostB"]) {
    remove(it, "d1", host);
    assert.notEqual(network(it, "d1"), undefined, host);
  }
  remove(it, "d1", SWARM);
  assert.deepEqual(keys(it), before);
});

/** What hostA's Docker made as network `own`, and hostB's has too as `e1`. */
function shared(): TestCluster {
  const it = cluster();
  create(it, { options: { network: "own" } });
  create(it, { id: "e1", options: { network: "own" } }, "hostB");
  return it;
}

Deno.test("a network goes from all hosts when it is removed where it was made", () => {
  const it = shared();
  assert.equal(remove(it), undefined);
  assert.equal(network(it, "own"), undefined);
  remove(it, "e1", "hostB");
  assert.deepEqual(keys(it), keys(cluster()));
});

Deno.test("a network stays when another host no longer has it, or when its own has lost it", () => {
  const it = shared();
  remove(it, "e1", "hostB");
  assert.notEqual(network(it, "own"), undefined);
  create(it, { id: "e2", options: { network: "own" } }, "hostB");
  it.apply(loseNetwork(it.snapshot, "d1", "hostA", ASKER));
  assert.notEqual(network(it, "own"), undefined);
  create(it, { id: "d2", options: { network: "own" } });
  remove(it, "d2");
  assert.equal(network(it, "own"), undefined, "made again, it can be removed again");
});

Deno.test("a network stays, and it is said why, when it is removed while containers are attached elsewhere", () => {
  const it = shared();
  it.endpoint("e", { network: "own" });
  const kept = remove(it);
  assert.equal(kept?.ref.network, "own");
  assert.match(kept?.why ?? "", /active endpoints.*remove .* first/);
  assert.notEqual(network(it, "own"), undefined);
  assert.deepEqual(mappedTo(it, "own"), { hostB: "e1" }, "the engine has it no longer");
});

Deno.test("a second Docker network of one Contiv network comes and goes beside the first", () => {
  const it = shared();
  create(it, { id: "d2", options: { network: "own" } });
  assert.deepEqual(mappedTo(it, "own"), { hostA: "d1 d2", hostB: "e1" });
  remove(it, "d2");
  assert.deepEqual(mappedTo(it, "own"), { hostA: "d1", hostB: "e1" });
  assert.notEqual(network(it, "own"), undefined);
});

Deno.test("a network of a cluster store goes when any of its engines removes it", () => {
  const it = cluster();
  const before = keys(it);
  it.apply(createNetwork(it.snapshot, request(), CLUSTER_STORE, ASKER));
  it.apply(deleteNetwork(it.snapshot, "d1", CLUSTER_STORE, { ...ASKER, host: "hostB" }));
  assert.deepEqual(keys(it), before);
});

Deno.test("deleteNetwork frees the addresses that a killed engine never released", () => {
  const it = cluster();
  const before = keys(it);
  create(it);
  const poolId = "docker@.default|10.5.0.0/24";
  for (let n = 0; n < 3; n++) {
    const asked = { poolId, address: "", options: {} };
    it.apply(requestPoolAddress(it.snapshot, asked, ASKER));
  }
  remove(it);
  assert.deepEqual(keys(it), before);
});

Deno.test("deleteNetwork is not too much for one transaction, however many addresses were never released", () => {
  const it = cluster();
  create(it);
  const poolId = "docker@.default|10.5.0.0/24";
  for (let n = 0; n < 200; n++) {
    it.apply(requestPoolAddress(it.snapshot, { poolId, address: "", options: {} }, ASKER));
  }
  remove(it);
  assert.equal(network(it, "d1"), undefined);
  const swept = sweep(it.snapshot, ASKER.now + 1, {
    ...{ host: "hostA", dockerAddresses: new Set<string>(), grace: 0 },
  });
  assert.ok(swept.operations.length > 0, "the rest is the sweep's");
});

Deno.test("deleteNetwork takes an unknown network for deleted", () => {
  const it = cluster();
  const before = it.snapshot;
  remove(it, "unknown");
  assert.equal(it.snapshot, before);
});

const REFUSALS: readonly (readonly [string, Partial<NetworkCreation>, string])[] = [
  ["the group does not exist", { options: { network: "net1", group: "x" } }, "not-found"],
  ["the tag does not exist", { options: { "contiv-tag": "x" } }, "not-found"],
  ["the tenant does not exist", { options: { tenant: "x" } }, "not-found"],
  ["the pool is not the network's", { options: { network: "net1" } }, "conflict"],
  ["its pool was asked for as two's", { pending: [NET1, { ...NET1, group: "web" }] }, "conflict"],
  ["there is no IPv4 pool", { ipv4: [] }, "invalid"],
  ["there are two", { ipv4: [...pool("10.5.0.0/24"), ...pool("10.6.0.0/24")] }, "invalid"],
  ["the pool is that of the null IPAM", { ipv4: pool("0.0.0.0/0") }, "invalid"],
  ["the pool is another network's", { ipv4: pool("20.1.1.128/25") }, "conflict"],
  ["an auxiliary address is outside", { ipv4: pool("10.5.0.0/24", "", ["10.6.0.1"]) }, "invalid"],
  [
    "an auxiliary address is given twice",
    { ipv4: pool("10.5.0.0/24", "", ["10.5.0.9", "10.5.0.9"]) },
    "conflict",
  ],
  ["the encapsulation is unknown", { options: { encap: "gre" } }, "invalid"],
];

for (const [title, changes, code] of REFUSALS) {
  Deno.test(`createNetwork refuses when ${title}`, () => {
    const it = cluster();
    assert.equal(refusalOf(() => create(it, changes)).code, code);
  });
}

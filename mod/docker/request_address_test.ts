import assert from "node:assert/strict";
import { refusalOf, TestCluster } from "../intent/testing.ts";
import type { Allocation } from "../model/records.ts";
import { addressKey, addressPrefix } from "../state/keys.ts";
import { read } from "../state/snapshot.ts";
import { recordMapping, SWARM } from "./mapping.ts";
import { attachedWith, releasePoolAddress, requestPoolAddress } from "./request_address.ts";
import { requestPool } from "./request_pool.ts";

const ASKER = { host: "hostA", now: 1000 };
const OTHER = { host: "hostB", now: 1000 };
const POOL = "net1.default|20.1.1.0/24";
const GATEWAY = { RequestAddressType: "com.docker.network.gateway" };

function cluster(): TestCluster {
  const cluster = new TestCluster();
  cluster.network("net1", "20.1.1.0/24", { gateway: "20.1.1.254", ipv6Subnet: "fd00:1::/64" });
  cluster.group("pooled", "net1", { ipPool: "20.1.1.100-20.1.1.101" });
  return cluster;
}

function ask(it: TestCluster, address = "", poolId = POOL, options = {}, asker = ASKER): string {
  return it.apply(requestPoolAddress(it.snapshot, { poolId, address, options }, asker));
}
const release = (it: TestCluster, address: string, poolId = POOL, asker = ASKER) =>
  it.apply(releasePoolAddress(it.snapshot, poolId, address, asker));
const refusal = (it: TestCluster, ...rest: [string, string?, object?]) =>
  refusalOf(() => ask(it, ...rest));
const held = (it: TestCluster, address: string) =>
  read<Allocation>(it.snapshot, addressKey("default:net1", address));

Deno.test("requestPoolAddress gives the lowest free address with its pool's length", () => {
  const it = cluster();
  assert.equal(ask(it), "20.1.1.1/24");
  assert.equal(ask(it), "20.1.1.2/24");
  assert.equal(ask(it, "", "net1.default|fd00:1::/64"), "fd00:1::1/64");
  assert.equal(ask(it, "", "net1:pooled.default|20.1.1.0/24"), "20.1.1.100/24");
  assert.deepEqual(held(it, "20.1.1.1"), {
    owner: { kind: "docker", id: "default:net1" },
    host: "hostA",
    requestedBy: "docker",
    created: 1000,
  });
});

Deno.test("requestPoolAddress gives what is asked for, and again when the same engine repeats it", () => {
  const it = cluster();
  assert.equal(ask(it, "20.1.1.77"), "20.1.1.77/24");
  assert.equal(ask(it, "20.1.1.77"), "20.1.1.77/24");
  it.endpoint("e", { address: "20.1.1.77" });
  assert.equal(ask(it, "20.1.1.77"), "20.1.1.77/24");
});

const REFUSALS: readonly (readonly [string, string, string, string])[] = [
  ["outside of the pool", "20.1.2.1", POOL, "invalid"],
  ["no address", "x", POOL, "invalid"],
  ["of a pool that is not ours", "", "bridge", "invalid"],
  ["of a network that is gone", "", "gone.default|20.1.1.0/24", "not-found"],
  ["of a network that Docker has not made", "", "docker@.default|10.5.0.0/24", "not-found"],
  ["the gateway's", "20.1.1.254", POOL, "conflict"],
  ["of a group's pool, for the network", "20.1.1.100", POOL, "conflict"],
];

for (const [title, address, poolId, code] of REFUSALS) {
  Deno.test(`requestPoolAddress refuses an address ${title}`, () => {
    assert.equal(refusal(cluster(), address, poolId).code, code);
  });
}

Deno.test("requestPoolAddress refuses what another host's engine or an endpoint holds", () => {
  const it = cluster();
  ask(it, "20.1.1.77", POOL, {}, OTHER);
  it.endpoint("e", { address: "20.1.1.78", attachment: { kind: "netns" } });
  for (const address of ["20.1.1.77", "20.1.1.78"]) {
    assert.equal(refusal(it, address).code, "conflict");
  }
});

const ATTACHED: readonly (readonly [string, string, "docker" | "netns", boolean])[] = [
  ["this host's engine has attached it", "hostA", "docker", true],
  ["another host's engine asks", "hostB", "docker", false],
  ["Docker did not attach it", "hostA", "netns", false],
];

for (const [title, asker, kind, expected] of ATTACHED) {
  Deno.test(`attachedWith finds ${expected ? "the" : "no"} endpoint when ${title}`, () => {
    const it = cluster();
    if (kind === "docker") ask(it, "20.1.1.77");
    const endpoint = it.endpoint("e", { address: "20.1.1.77", attachment: { kind } });
    const found = attachedWith(it.snapshot, POOL, "20.1.1.77", asker);
    const key = { netID: endpoint.netID, endpointID: endpoint.endpointID };
    assert.deepEqual(found, expected ? key : undefined);
    assert.equal(attachedWith(it.snapshot, POOL, "20.1.1.78", asker), undefined);
  });
}

Deno.test("requestPoolAddress says when a group's pool is used up", () => {
  const it = cluster();
  const pool = "net1:pooled.default|20.1.1.0/24";
  ask(it, "", pool);
  ask(it, "", pool);
  assert.equal(refusal(it, "", pool).code, "exhausted");
});

Deno.test("requestPoolAddress tells the gateway and writes nothing", () => {
  const it = cluster();
  const before = it.snapshot;
  assert.equal(ask(it, "", POOL, GATEWAY), "20.1.1.254/24");
  assert.equal(ask(it, "20.1.1.254", POOL, GATEWAY), "20.1.1.254/24");
  assert.equal(refusal(it, "20.1.1.1", POOL, GATEWAY).code, "conflict");
  assert.equal(ask(it, "", "net1.default|fd00:1::/64", GATEWAY), "fd00:1::/64", "there is none");
  assert.equal(it.snapshot, before);
});

Deno.test("requestPoolAddress serves a network that is about to be made", () => {
  const it = cluster();
  const pool = "docker@.default|10.5.0.0/24";
  assert.equal(ask(it, "", pool, GATEWAY), "10.5.0.1/24");
  assert.equal(ask(it, "10.5.0.9", pool), "10.5.0.9/24", "--aux-address");
  const subPool = { pool: "10.5.0.0/24", subPool: "10.5.0.8/29" };
  const request = { ...subPool, options: {}, v6: false, global: false };
  it.apply(requestPool(it.snapshot, request, ASKER));
  assert.equal(ask(it, "", pool, GATEWAY), "10.5.0.8/24", "the first of --ip-range");
});

Deno.test("releasePoolAddress frees what Docker held for this host, once", () => {
  const it = cluster();
  ask(it, "20.1.1.77");
  assert.equal(release(it, "20.1.1.77", POOL, OTHER), false);
  assert.equal(release(it, "20.1.1.77"), true);
  assert.equal(release(it, "20.1.1.77"), false);
  assert.equal(it.snapshot.list(addressPrefix("default:net1")).length, 0);
});

Deno.test("releasePoolAddress leaves an endpoint's address, which goes with it, whatever the order", () => {
  const it = cluster();
  ask(it, "20.1.1.77");
  it.endpoint("e", { address: "20.1.1.77" });
  assert.equal(release(it, "20.1.1.77"), false);
  it.removeEndpoint("e");
  assert.equal(release(it, "20.1.1.77"), true);
});

for (
  const [poolId, address] of [["x", "20.1.1.1"], ["gone.t|20.1.1.0/24", "20.1.1.1"], [POOL, "x"]]
) {
  Deno.test(`releasePoolAddress takes ${address} of ${poolId} for released`, () => {
    assert.equal(release(cluster(), address ?? "", poolId), false);
  });
}

function swarm(): TestCluster {
  const it = cluster();
  const ref = { tenant: "default", network: "net1", group: "" };
  it.apply({ ...recordMapping(it.snapshot, ref, SWARM, "s1"), result: undefined });
  return it;
}

Deno.test("a swarm manager's address is a node's to use and only the manager's to free", () => {
  const it = swarm();
  const global = `${POOL}|global`;
  assert.equal(ask(it, "", global), "20.1.1.1/24");
  assert.equal(ask(it, "20.1.1.1", POOL, {}, OTHER), "20.1.1.1/24");
  assert.equal(held(it, "20.1.1.1")?.host, "hostB");
  it.endpoint("e", { address: "20.1.1.1" }, "hostB");
  it.removeEndpoint("e");
  assert.equal(release(it, "20.1.1.1", POOL, OTHER), false);
  assert.equal(ask(it, "20.1.1.1", global), "20.1.1.1/24", "its leader restarted");
  assert.equal(release(it, "20.1.1.1", global), true);
  assert.equal(held(it, "20.1.1.1"), undefined);
});

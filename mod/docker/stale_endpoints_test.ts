import assert from "node:assert/strict";
import { requestAddress } from "../intent/endpoint.ts";
import { TestCluster } from "../intent/testing.ts";
import { ENDPOINTS, portKey } from "../state/keys.ts";
import { put } from "../state/plan.ts";
import { recordMapping, SWARM } from "./mapping.ts";
import { RESERVATION_LIFETIME, reservationKey } from "./reservation.ts";
import {
  type EngineFacts,
  findStale,
  GRACE,
  mayRelease,
  releaseStale,
  type Stale,
} from "./stale_endpoints.ts";
import { parseCidr } from "./cidr.ts";

const HOST = "hostA";
const REF = { tenant: "default", network: "net1", group: "" };
const NOTHING: EngineFacts = { endpointIDs: new Set(), addresses: new Set() };

/** net1, which `holder` has as Docker's network `d1`. */
function cluster(holder = HOST): TestCluster {
  const cluster = new TestCluster();
  cluster.network("net1", "10.1.0.0/24");
  const mapping = recordMapping(cluster.snapshot, REF, holder, "d1");
  cluster.apply({ ...mapping, result: undefined });
  return cluster;
}

/** As Docker's IPAM asks. */
function hold(cluster: TestCluster, address: string, host = HOST): void {
  const request = { space: "default:net1", ref: REF, family: 4 as const, address };
  cluster.apply(requestAddress(cluster.snapshot, request, { now: 1, host }));
}

const stale = (it: TestCluster, facts = NOTHING, now = 100) =>
  findStale(it.snapshot, facts, { host: HOST, now });
const names = (found: readonly Stale[]) => found.map(({ key }) => key.split("/").at(-1));

Deno.test("findStale finds Docker's endpoints of this host that its engine does not know", () => {
  const it = cluster();
  it.endpoint("known");
  it.endpoint("forgotten");
  it.endpoint("elsewhere", {}, "hostB");
  it.endpoint("netns", { attachment: { kind: "netns" } });
  const facts = { ...NOTHING, endpointIDs: new Set(["known"]) };
  assert.deepEqual(names(stale(it, facts)), ["net1.default-forgotten"]);
});

Deno.test("findStale takes an endpoint's age from its port, which lives as long as it", () => {
  const it = cluster();
  const { portNumber } = it.endpoint("e");
  assert.equal(stale(it)[0]?.created, 1);
  it.apply({
    compares: [],
    operations: [put(portKey(HOST, portNumber), { created: 77 })],
    result: 0,
  });
  assert.equal(stale(it)[0]?.created, 77);
});

Deno.test("findStale gives an endpoint's addresses with it, unless the engine knows them as another's", () => {
  const it = cluster();
  it.endpoint("e", { address: "10.1.0.7" });
  const of = (facts: EngineFacts) =>
    stale(it, facts).flatMap((found) => found.type === "endpoint" ? found.addresses : []);
  assert.deepEqual(of(NOTHING), [{ space: "default:net1", address: "10.1.0.7" }]);
  assert.deepEqual(of({ ...NOTHING, addresses: new Set(["d1 10.1.0.7"]) }), []);
});

Deno.test("findStale finds addresses that this host's engine asked for and no container has", () => {
  const it = cluster();
  for (const address of ["10.1.0.5", "10.1.0.6", "10.1.0.7"]) hold(it, address);
  hold(it, "10.1.0.8", "hostB");
  it.endpoint("e", { address: "10.1.0.7" });
  const facts = {
    endpointIDs: new Set(["e"]),
    addresses: new Set(["d1 10.1.0.5", "other 10.1.0.6"]),
  };
  assert.deepEqual(names(stale(it, facts)), ["10.1.0.6"]);
});

Deno.test("findStale judges no address of a swarm network, which its managers hold for any host", () => {
  const it = cluster(SWARM);
  hold(it, "10.1.0.5");
  it.endpoint("e", { address: "10.1.0.7" });
  const [found, ...others] = stale(it);
  assert.deepEqual(others, []);
  assert.deepEqual(found?.type === "endpoint" && found.addresses, []);
});

Deno.test("findStale finds pools whose network was not made in time, of any host", () => {
  const it = cluster();
  const key = reservationKey("default", parseCidr("10.5.0.0/24", "pool"));
  const reservation = { owner: { kind: "docker", id: "p" }, host: "hostB", created: 5 };
  it.apply({ compares: [], operations: [put(key, reservation)], result: 0 });
  assert.deepEqual(stale(it, NOTHING, 4 + RESERVATION_LIFETIME), []);
  const found = stale(it, NOTHING, 5 + RESERVATION_LIFETIME);
  assert.deepEqual(found.map(({ type }) => type), ["pool"]);
});

const address = (key: string, created: number): Stale => ({
  type: "address",
  key,
  created,
  address: { space: "s", address: key },
});

const DECISIONS: readonly (readonly [
  title: string,
  before: readonly Stale[],
  now: readonly Stale[],
  time: number,
  released: number,
])[] = [
  ["no look was before", [], [address("a", 0)], GRACE, 0],
  ["both looks found it, past the grace", [address("a", 0)], [address("a", 0)], GRACE, 1],
  ["it is within the grace", [address("a", 1)], [address("a", 1)], GRACE, 0],
  ["it is known again", [address("a", 0)], [], GRACE, 0],
  ["another was found before", [address("b", 0)], [address("a", 0)], GRACE, 0],
  ["it was made anew in between", [address("a", 0)], [address("a", 1)], 2 * GRACE, 0],
  ["the clock was set back", [address("a", 9 * GRACE)], [address("a", 9 * GRACE)], GRACE, 0],
];

for (const [title, before, now, time, released] of DECISIONS) {
  Deno.test(`mayRelease releases ${released} when ${title}`, () => {
    assert.equal(mayRelease(before, now, time).length, released);
  });
}

Deno.test("releaseStale frees what was found, and not what has taken its place", () => {
  const it = cluster();
  hold(it, "10.1.0.5");
  const [found] = stale(it);
  if (found?.type !== "address") return assert.fail("an address was expected");
  const asker = { host: HOST, now: 100 };
  const other = { ...found, created: found.created + 1 };
  assert.equal(it.apply(releaseStale(it.snapshot, other, asker)), false);
  assert.equal(it.apply(releaseStale(it.snapshot, found, asker)), true);
  assert.deepEqual(stale(it), []);
  assert.equal(it.apply(releaseStale(it.snapshot, found, asker)), false);
});

Deno.test("releaseStale frees no address that an endpoint has taken since", () => {
  const it = cluster();
  hold(it, "10.1.0.5");
  const [found] = stale(it);
  if (found?.type !== "address") return assert.fail("an address was expected");
  it.endpoint("e", { address: "10.1.0.5" });
  assert.equal(it.apply(releaseStale(it.snapshot, found, { host: HOST, now: 100 })), false);
  assert.equal(it.snapshot.list(ENDPOINTS).length, 1);
});

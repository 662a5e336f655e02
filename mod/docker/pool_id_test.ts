import assert from "node:assert/strict";
import fc from "fast-check";
import { TestCluster } from "../intent/testing.ts";
import type { NetworkState } from "../model/records.ts";
import { prefixOf } from "../net/prefix.ts";
import { networkKey } from "../state/keys.ts";
import { put } from "../state/plan.ts";
import { read } from "../state/snapshot.ts";
import { parseCidr } from "./cidr.ts";
import {
  dockerPoolName,
  formatPoolId,
  networkOfPool,
  parsePoolId,
  poolNameOf,
  tenantOfDockerPool,
} from "./pool_id.ts";

const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,12}[a-z0-9]$/);
const prefix = fc.record({ value: fc.bigInt(0n, 2n ** 32n - 1n), length: fc.nat(32) })
  .map(({ value, length }) => prefixOf({ family: 4, value }, length));

Deno.test("parsePoolId reads what formatPoolId wrote", () => {
  const pool = fc.record({
    name: fc.oneof(
      name.map(dockerPoolName),
      fc.record({ tenant: name, network: name, group: fc.oneof(fc.constant(""), name) })
        .map(poolNameOf),
    ),
    prefix,
    global: fc.boolean(),
  }, { noNullPrototype: true });
  fc.assert(fc.property(pool, (it) => assert.deepEqual(parsePoolId(formatPoolId(it)), it)));
});

Deno.test("formatPoolId writes the original's form", () => {
  const pool = { prefix: parseCidr("20.1.1.0/24", "pool"), global: false };
  const ref = { tenant: "default", network: "net1", group: "" };
  assert.equal(formatPoolId({ ...pool, name: poolNameOf(ref) }), "net1.default|20.1.1.0/24");
  const group = poolNameOf({ ...ref, group: "web" });
  assert.equal(formatPoolId({ ...pool, name: group }), "net1:web.default|20.1.1.0/24");
});

for (
  const text of [
    "",
    "|",
    "net1.default",
    "|10.0.0.0/8",
    "n.t|10.0.0.0",
    "n.t|10.0.0.0/8|local",
    "n.t|10.0.0.0/8|global|x",
    "n.t|10.0.0.0/99",
  ]
) {
  Deno.test(`parsePoolId does not take ${JSON.stringify(text)} for one of ours`, () => {
    assert.equal(parsePoolId(text), undefined);
  });
}

Deno.test("networkOfPool finds networks and groups whose names have dots", () => {
  const it = new TestCluster();
  it.tenant("a.b");
  it.network("n.a", "10.1.0.0/24", { tenantName: "a.b" });
  it.group("g.x", "n.a", { tenantName: "a.b" });
  const of = (ref: { tenant: string; network: string; group: string }) =>
    networkOfPool(it.snapshot, {
      name: poolNameOf(ref),
      prefix: parseCidr("10.1.0.0/24", "pool"),
      global: false,
    })?.ref;
  for (const group of ["", "g.x"]) {
    const ref = { tenant: "a.b", network: "n.a", group };
    assert.deepEqual(of(ref), ref);
  }
  assert.equal(of({ tenant: "b", network: "n.a", group: "" }), undefined);
  assert.equal(of({ tenant: "a.b", network: "n.a", group: "none" }), undefined);
});

Deno.test("networkOfPool finds what Docker made by its subnet, in its tenant, and nothing that Docker did not make", () => {
  const it = new TestCluster();
  it.network("own", "10.1.0.0/24");
  it.network("other", "10.2.0.0/24");
  const ref = { tenant: "default", network: "own", group: "" };
  const own = read<NetworkState>(it.snapshot, networkKey("default", "own"));
  const made = put(networkKey("default", "own"), { ...own, dockerHolder: "hostA" });
  it.apply({ compares: [], operations: [made], result: undefined });
  const find = (tenant: string, cidr: string) =>
    networkOfPool(it.snapshot, {
      name: dockerPoolName(tenant),
      prefix: parseCidr(cidr, "pool"),
      global: false,
    })?.ref;
  assert.deepEqual(find("default", "10.1.0.0/24"), ref);
  assert.equal(find("default", "10.1.0.0/25"), undefined);
  assert.equal(find("default", "10.2.0.0/24"), undefined);
  assert.equal(find("blue", "10.1.0.0/24"), undefined);
});

Deno.test("tenantOfDockerPool tells pools that Docker made from those of networks", () => {
  const pool = { prefix: parseCidr("10.1.0.0/24", "pool"), global: false };
  assert.equal(tenantOfDockerPool({ ...pool, name: dockerPoolName("a.b") }), "a.b");
  assert.equal(tenantOfDockerPool({ ...pool, name: "docker.default" }), undefined);
});

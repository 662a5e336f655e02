import assert from "node:assert/strict";
import fc from "fast-check";
import { endpointKey } from "../state/keys.ts";
import { applyPlan, fixedSnapshot } from "../state/fixed_snapshot.ts";
import { put, remove } from "../state/plan.ts";
import { DesiredState, endpointOwner, networkOwner } from "./desired_state.ts";
import type { HostFacts } from "./host_facts.ts";
import {
  configItem,
  endpointItem,
  endpointRecord,
  networkItem,
  networkRecord,
  tenantItem,
  tenantRecord,
} from "./testing/records.ts";

const facts: HostFacts = { host: "here", cluster: "c", datapath: "netdev", mtu: 1450 };
const one = networkRecord("default", "one", 1);
const two = networkRecord("default", "two", 2);
const other = networkRecord("blue", "one", 1);
const base = [
  configItem,
  tenantItem(tenantRecord("default", 1)),
  tenantItem(tenantRecord("blue", 2)),
  networkItem(one),
  networkItem(two),
  networkItem(other),
];

/** Everything that a DesiredState says, in a form that compares by value. */
function contents(desired: DesiredState) {
  return {
    host: desired.host,
    endpoints: [...desired.endpoints()].map(({ link, port }) => ({ link, port }))
      .sort((a, b) => a.link.alias < b.link.alias ? -1 : 1),
    flows: desired.owners().sort().map((owner) => [owner, desired.flows(owner)]),
  };
}

Deno.test("DesiredState wants nothing before the global configuration is there", () => {
  const desired = new DesiredState(facts);
  desired.reset(
    fixedSnapshot(
      Object.fromEntries([...base.slice(1), endpointItem(endpointRecord(one, 1, "here"))]),
    ),
  );
  assert.equal(desired.host, undefined);
  assert.deepEqual([...desired.endpoints()], []);
});

Deno.test("DesiredState wants only this host's endpoints, and the networks of their tenants", () => {
  const desired = new DesiredState(facts);
  const here = endpointRecord(one, 1, "here");
  const there = endpointRecord(other, 2, "there");
  desired.reset(
    fixedSnapshot(Object.fromEntries([...base, endpointItem(here), endpointItem(there)])),
  );
  assert.deepEqual(
    desired.owners().sort(),
    ["base", endpointOwner(here.id), networkOwner(one.id), networkOwner(two.id)].sort(),
  );
});

Deno.test("DesiredState leaves out an endpoint that is only registered, and one that is being removed", () => {
  const desired = new DesiredState(facts);
  const registered = endpointRecord(one, 1, "here", { attachment: { kind: "external" } });
  const leaving = endpointRecord(one, 2, "here");
  desired.reset(
    fixedSnapshot(Object.fromEntries([...base, endpointItem(registered), endpointItem(leaving)])),
  );
  assert.equal(desired.endpoint(registered.id), undefined);
  assert.ok(desired.endpoint(leaving.id));
  assert.ok(desired.retire(leaving.id).includes(endpointOwner(leaving.id)));
  assert.equal(desired.endpoint(leaving.id), undefined);
  desired.restore(leaving.id);
  assert.ok(desired.endpoint(leaving.id));
});

Deno.test("DesiredState gives an endpoint of a network without gateway no way out", () => {
  const closed = { ...one, gateway: "" };
  const desired = new DesiredState(facts);
  const endpoint = endpointRecord(closed, 7, "here");
  desired.reset(
    fixedSnapshot(Object.fromEntries([...base, networkItem(closed), endpointItem(endpoint)])),
  );
  const text = JSON.stringify(desired.flows(endpointOwner(endpoint.id)));
  assert.ok(!text.includes("172.19.0.7"));
  assert.ok(!text.includes("fdc0:"));
});

Deno.test("DesiredState adds as many flows for the hundredth endpoint as for the first", () => {
  const desired = new DesiredState(facts);
  const endpoints = Array.from({ length: 100 }, (_, i) => endpointRecord(one, i + 1, "here"));
  desired.reset(fixedSnapshot(Object.fromEntries([...base, ...endpoints.map(endpointItem)])));
  const counts = new Set(endpoints.map(({ id }) => desired.flows(endpointOwner(id)).length));
  assert.equal(counts.size, 1);
});

Deno.test("DesiredState comes to the same by updates as by a fresh start, and names every owner that changed", () => {
  const networks = [one, two, other];
  const change = fc.record({
    network: fc.nat(2),
    number: fc.integer({ min: 1, max: 6 }),
    here: fc.boolean(),
    present: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
    let snapshot = fixedSnapshot(Object.fromEntries(base));
    const desired = new DesiredState(facts);
    desired.reset(snapshot);
    for (const { network, number, here, present } of changes) {
      const record = endpointRecord(networks[network] ?? one, number, here ? "here" : "there");
      const key = endpointKey(record.id);
      const before = new Map(desired.owners().map((owner) => [owner, desired.flows(owner)]));
      snapshot = applyPlan(snapshot, {
        compares: [],
        operations: [present ? put(key, record) : remove(key)],
        result: undefined,
      });
      const dirty = new Set(desired.update(snapshot, [key]));
      for (const owner of new Set([...before.keys(), ...desired.owners()])) {
        const same =
          JSON.stringify(before.get(owner) ?? []) === JSON.stringify(desired.flows(owner));
        assert.ok(same || dirty.has(owner), `${owner} changed unnamed`);
      }
    }
    const fresh = new DesiredState(facts);
    fresh.reset(snapshot);
    assert.deepEqual(contents(desired), contents(fresh));
  }));
});

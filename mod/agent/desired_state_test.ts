import assert from "node:assert/strict";
import fc from "fast-check";
import { endpointKey, hostKey, MASTER_CONFIG } from "../state/keys.ts";
import { applyPlan, fixedSnapshot } from "../state/fixed_snapshot.ts";
import { put, remove } from "../state/plan.ts";
import type { HostState } from "../model/records.ts";
import type { Snapshot } from "../state/snapshot.ts";
import { DesiredState } from "./desired_state.ts";
import { BASE, endpointOwner, networkOwner, peerOwner, remoteOwner } from "./owners.ts";
import type { HostFacts } from "./host_facts.ts";
import {
  configItem,
  endpointItem,
  endpointRecord,
  masterConfig,
  networkItem,
  networkRecord,
  tenantItem,
  tenantRecord,
} from "./testing/records.ts";

const facts: HostFacts = {
  host: "here",
  cluster: "c",
  datapath: "netdev",
  mtu: 1450,
  vtepAddress: "192.0.2.1",
  vxlanPort: 4789,
};
const one = networkRecord("default", "one", 1);
const two = networkRecord("default", "two", 2);
const other = networkRecord("blue", "one", 1);
const gate = { ...networkRecord("default", "contivh1", 9), nwType: "infra" as const };
const networks = [one, two, other, gate];
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
      .sort((a, b) => a.port.name < b.port.name ? -1 : 1),
    ports: desired.hostPorts(),
    flows: desired.owners().sort().map((
      owner,
    ) => [owner, desired.flows(owner), desired.groups(owner)]),
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

const hostRecord = (label: string, vtepAddress: string): HostState => ({
  id: label,
  identity: label,
  controlAddress: vtepAddress,
  vtepAddress,
  since: 0,
});
const hostItem = (label: string, vtep: string) =>
  [hostKey(label), hostRecord(label, vtep)] as const;
const bridgeItem = [MASTER_CONFIG, { ...masterConfig, "fwd-mode": "bridge" }] as const;
const elsewhere = [hostItem("there", "192.0.2.2"), hostItem("far", "192.0.2.3")];

Deno.test("DesiredState wants remote endpoints of the tenants that have an endpoint here, and all other hosts", () => {
  const desired = new DesiredState(facts);
  const reached = endpointRecord(two, 2, "there");
  const items = [
    ...base,
    ...elsewhere,
    hostItem("here", "192.0.2.1"),
    ...[endpointRecord(one, 1, "here"), reached, endpointRecord(other, 3, "there")].map(
      endpointItem,
    ),
    endpointItem(endpointRecord(one, 4, "unknown")),
    endpointItem(endpointRecord(one, 5, "there", { attachment: { kind: "external" } })),
  ];
  desired.reset(fixedSnapshot(Object.fromEntries(items)));
  const named = desired.owners().filter((owner) => /^(remote|peer):/.test(owner)).sort();
  assert.deepEqual(named, [
    peerOwner("192.0.2.2"),
    peerOwner("192.0.2.3"),
    remoteOwner(reached.id),
  ]);
  assert.deepEqual(desired.hostPorts().map(({ name }) => name), ["contivh0", "contiv-vxlan"]);
});

Deno.test("DesiredState wants, in bridge mode, the networks of its endpoints only, with those who hear their broadcasts", () => {
  const desired = new DesiredState(facts);
  const items = [
    ...base,
    bridgeItem,
    ...elsewhere,
    ...[1, 2].map((number) => endpointItem(endpointRecord(one, number, "here"))),
    ...[3, 4].map((number) => endpointItem(endpointRecord(one, number, "there"))),
    endpointItem(endpointRecord(two, 5, "far")),
  ];
  desired.reset(fixedSnapshot(Object.fromEntries(items)));
  const networks = desired.owners().filter((owner) => owner.startsWith("network:"));
  assert.deepEqual(networks, [networkOwner(one.id)]);
  const [group] = desired.groups(networkOwner(one.id));
  const text = JSON.stringify(group);
  for (const present of ["output:1", "output:2", "192.0.2.2"]) assert.ok(text.includes(present));
  assert.ok(!text.includes("192.0.2.3"));
  assert.equal(group?.buckets.length, 3);
  assert.deepEqual(desired.hostPorts().map(({ name }) => name), ["contiv-vxlan"]);
});

Deno.test("DesiredState looks at one endpoint of ten thousand when one changes elsewhere", () => {
  const desired = new DesiredState(facts);
  const wide = Array.from({ length: 10_000 }, (_, i) => {
    const record = endpointRecord(one, i % 250 + 1, i === 0 ? "here" : "there");
    return { ...record, id: `${record.id}-${i}`, endpointID: `${record.endpointID}-${i}` };
  });
  let snapshot = fixedSnapshot(
    Object.fromEntries([...base, ...elsewhere, ...wide.map(endpointItem)]),
  );
  desired.reset(snapshot);
  const reads = new Set<string>();
  const added = endpointRecord(two, 77, "there");
  const key = endpointKey(added.id);
  snapshot = applyPlan(snapshot, {
    compares: [],
    operations: [put(key, added)],
    result: undefined,
  });
  const counting: Snapshot = {
    revision: snapshot.revision,
    get: (each) => (reads.add(each), snapshot.get(each)),
    list: () => assert.fail("it lists"),
  };
  assert.deepEqual(desired.update(counting, [key]), [remoteOwner(added.id)]);
  assert.ok(reads.size <= 5, `${reads.size} records read`);
});

/** A change to any record that the desired state is made from. */
const change = fc.oneof(
  fc.record({
    kind: fc.constant("endpoint" as const),
    network: fc.nat(3),
    number: fc.integer({ min: 1, max: 6 }),
    host: fc.constantFrom("here", "there", "far"),
    present: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("host" as const),
    label: fc.constantFrom("here", "there", "far", "third"),
    // Some share an address with another, or with this host.
    vtep: fc.integer({ min: 1, max: 4 }),
    present: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("network" as const),
    network: fc.nat(3),
    gateway: fc.boolean(),
    present: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("tenant" as const),
    tenant: fc.constantFrom("default", "blue"),
    present: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("retire" as const),
    network: fc.nat(3),
    number: fc.integer({ min: 1, max: 6 }),
  }),
  fc.record({ kind: fc.constant("mode" as const), bridge: fc.boolean() }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function written(it: Exclude<Change, { kind: "retire" }>): readonly [string, unknown, boolean] {
  switch (it.kind) {
    case "endpoint": {
      const record = endpointRecord(networks[it.network] ?? one, it.number, it.host);
      return [endpointKey(record.id), record, it.present];
    }
    case "host":
      return [hostKey(it.label), hostRecord(it.label, `192.0.2.${it.vtep}`), it.present];
    case "network": {
      const record = networks[it.network] ?? one;
      const [key] = networkItem(record);
      return [key, it.gateway ? record : { ...record, gateway: "" }, it.present];
    }
    case "tenant": {
      const [key, record] = tenantItem(tenantRecord(it.tenant, it.tenant === "blue" ? 2 : 1));
      return [key, record, it.present];
    }
    case "mode":
      return [MASTER_CONFIG, it.bridge ? bridgeItem[1] : masterConfig, true];
  }
}

Deno.test("DesiredState comes to the same by updates as by a fresh start, and names every owner that changed", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      let snapshot = fixedSnapshot(Object.fromEntries(base));
      const desired = new DesiredState(facts);
      desired.reset(snapshot);
      for (const each of changes) {
        const before = new Map(desired.owners().map((owner) => [owner, said(desired, owner)]));
        let dirty: Set<string>;
        if (each.kind === "retire") {
          const { id } = endpointRecord(networks[each.network] ?? one, each.number, "here");
          dirty = new Set([...desired.retire(id), ...desired.restore(id)]);
        } else {
          const [key, value, present] = written(each);
          const operations = [present ? put(key, value) : remove(key)];
          snapshot = applyPlan(snapshot, { compares: [], operations, result: undefined });
          dirty = new Set(desired.update(snapshot, [key]));
        }
        for (const owner of new Set([...before.keys(), ...desired.owners()])) {
          const same = (before.get(owner) ?? NOTHING) === said(desired, owner);
          assert.ok(same || dirty.has(owner), `${owner} changed unnamed`);
        }
      }
      const fresh = new DesiredState(facts);
      fresh.reset(snapshot);
      assert.deepEqual(contents(desired), contents(fresh));
      desired.reset(snapshot);
      assert.deepEqual(contents(desired), contents(fresh));
    }),
    { numRuns: 300 },
  );
});

function said(desired: DesiredState, owner: string): string {
  const ports = owner === BASE ? desired.hostPorts() : [];
  return JSON.stringify([ports, desired.flows(owner), desired.groups(owner)]);
}
const NOTHING = JSON.stringify([[], [], []]);

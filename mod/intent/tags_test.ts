import assert from "node:assert/strict";
import fc from "fast-check";
import type { Allocation, GroupState, NetworkState, TenantState } from "../model/records.ts";
import { applyPlan, failedCompare } from "../state/fixed_snapshot.ts";
import {
  ALLOCATIONS,
  GROUPS,
  NETWORKS,
  numberKey,
  numberPrefix,
  objectKey,
  TENANTS,
} from "../state/keys.ts";
import type { Plan } from "../state/plan.ts";
import { read, readAll, type Snapshot } from "../state/snapshot.ts";
import { IntentError } from "./error.ts";
import { putObject, removeObject } from "./objects.ts";
import { TestCluster } from "./testing.ts";

const CONTEXT = { now: 1, clusterMode: "docker" };

/** An object of a few: two tenants, each with two networks and two groups. */
interface Target {
  readonly plural: string;
  readonly key: string;
  readonly body: (tag: number) => Record<string, unknown>;
}

const TARGETS: readonly Target[] = ["red", "blue"].flatMap((tenantName) => [
  { plural: "tenants", key: tenantName, body: () => ({ tenantName }) },
  ...[0, 1].flatMap((n): Target[] => [
    {
      plural: "networks",
      key: `${tenantName}:n${n}`,
      body: (pktTag) => ({
        tenantName,
        networkName: `n${n}`,
        encap: n === 0 ? "vlan" : "vxlan",
        subnet: `10.${n}.0.0/24`,
        pktTag,
      }),
    },
    {
      plural: "endpointGroups",
      key: `${tenantName}:g${n}`,
      body: () => ({ tenantName, groupName: `g${n}`, networkName: `n${n}` }),
    },
  ]),
]);

interface Action {
  readonly target: Target;
  readonly create: boolean;
  /** 0: the lowest free one. */
  readonly tag: number;
  /** How many decisions ago the snapshot was taken that this one is made on. */
  readonly age: number;
}

const action: fc.Arbitrary<Action> = fc.record({
  target: fc.constantFrom(...TARGETS),
  create: fc.boolean(),
  tag: fc.nat({ max: 3 }),
  age: fc.nat({ max: 2 }),
});

function decide(snapshot: Snapshot, { target, create, tag }: Action): Plan<unknown> | undefined {
  const { plural, key } = target;
  try {
    return create
      ? putObject(snapshot, plural, key, target.body(tag), CONTEXT)
      : removeObject(snapshot, plural, key, CONTEXT);
  } catch (error) {
    if (error instanceof IntentError) return undefined;
    throw error;
  }
}

/** Every number is held by one that lives and has it; every one that lives holds its numbers. */
function checkNumbers(snapshot: Snapshot): void {
  const held: string[] = [];
  const holds = (pool: Parameters<typeof numberKey>[0], number: number, id: string) => {
    const key = numberKey(pool, number);
    assert.equal(read<Allocation>(snapshot, key)?.owner.id, id, key);
    held.push(key);
  };
  for (const { id, vrf } of readAll<TenantState>(snapshot, TENANTS)) holds("vrf", vrf, id);
  for (const network of readAll<NetworkState>(snapshot, NETWORKS)) {
    const { id, pktTag, extPktTag, pktTagType, tenant } = network;
    assert(snapshot.get(objectKey("tenant", tenant)), `${id} has no tenant`);
    holds(pktTagType === "vlan" ? "vlan" : "local-vlan", pktTag, id);
    if (pktTagType === "vxlan") holds("vxlan", extPktTag, id);
  }
  for (const group of readAll<GroupState>(snapshot, GROUPS)) {
    const network = objectKey("network", `${group.tenantName}:${group.networkName}`);
    assert(snapshot.get(network), `${group.id} has no network`);
    holds("group", group.endpointGroupId, group.id);
  }
  const numbers = snapshot.list(ALLOCATIONS).map(({ key }) => key);
  assert.deepEqual(numbers.sort(), held.sort());
}

Deno.test("every tag and id has exactly one living owner, whatever is created and deleted on stale snapshots", () => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 20, maxLength: 60 }), (actions) => {
      const snapshots = [new TestCluster().snapshot];
      const apply = (it: Action) => {
        const current = snapshots.at(-1);
        const stale = snapshots.at(-1 - Math.min(it.age, snapshots.length - 1));
        assert(current && stale);
        const plan = decide(stale, it);
        if (!plan || failedCompare(current, plan)) return;
        const next = applyPlan(current, plan);
        checkNumbers(next);
        snapshots.push(next);
      };
      actions.forEach(apply);
      // Groups, then networks, then tenants: nothing is left but what the cluster started with.
      for (const plural of ["endpointGroups", "networks", "tenants"]) {
        for (const target of TARGETS.filter((it) => it.plural === plural)) {
          apply({ target, create: false, tag: 0, age: 0 });
        }
      }
      const left = snapshots.at(-1)?.list(ALLOCATIONS).map(({ key }) => key);
      assert.deepEqual(left, [`${numberPrefix("vrf")}1`]);
    }),
    { numRuns: 150 },
  );
});

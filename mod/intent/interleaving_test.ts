import assert from "node:assert/strict";
import fc from "fast-check";
import { sweep } from "../alloc/sweep.ts";
import type { EndpointState } from "../model/records.ts";
import { applyPlan, failedCompare } from "../state/fixed_snapshot.ts";
import { ENDPOINTS } from "../state/keys.ts";
import type { Plan } from "../state/plan.ts";
import { readAll, type Snapshot } from "../state/snapshot.ts";
import { createEndpoint, deleteEndpoint, releaseAddress, requestAddress } from "./endpoint.ts";
import { IntentError } from "./error.ts";
import { putObject, removeObject } from "./objects.ts";
import { TestCluster } from "./testing.ts";

const CONTEXT = { now: 1, clusterMode: "docker" };
const SUBNETS = ["10.0.0.0/29", "10.0.1.0/29"];

type Decide = (snapshot: Snapshot) => Plan<unknown>;

const index = fc.nat({ max: 1 });
const hosts = fc.constantFrom("hostA", "hostB");

const decisions: fc.Arbitrary<Decide> = fc.oneof(
  index.map((n): Decide => (snapshot) =>
    putObject(snapshot, "networks", `default:n${n}`, {
      tenantName: "default",
      networkName: `n${n}`,
      encap: "vxlan",
      subnet: SUBNETS[n],
    }, CONTEXT)
  ),
  index.map((n): Decide => (snapshot) =>
    removeObject(snapshot, "networks", `default:n${n}`, CONTEXT)
  ),
  fc.tuple(index, index).map(([g, n]): Decide => (snapshot) =>
    putObject(snapshot, "endpointGroups", `default:g${g}`, {
      tenantName: "default",
      groupName: `g${g}`,
      networkName: `n${n}`,
      ...(g === 0 ? { ipPool: `10.0.${n}.1-10.0.${n}.2` } : {}),
    }, CONTEXT)
  ),
  index.map((g): Decide => (snapshot) =>
    removeObject(snapshot, "endpointGroups", `default:g${g}`, CONTEXT)
  ),
  fc.tuple(index, fc.constantFrom("", "", "g0", "g1"), fc.nat({ max: 4 }), hosts).map((
    [n, group, id, host],
  ): Decide =>
  (snapshot) =>
    createEndpoint(snapshot, {
      tenant: "default",
      network: `n${n}`,
      group,
      endpointID: `e${id}`,
      attachment: { kind: "docker" },
    }, { now: 1, host, vtepIP: "" })
  ),
  fc.tuple(index, fc.nat({ max: 4 })).map(([n, id]): Decide => (snapshot) =>
    deleteEndpoint(snapshot, { netID: `n${n}.default`, endpointID: `e${id}` }, CONTEXT)
  ),
  fc.tuple(index, hosts).map(([n, host]): Decide => (snapshot) =>
    requestAddress(snapshot, { space: `default:n${n}`, family: 4 }, { now: 1, host })
  ),
  fc.tuple(index, fc.nat({ max: 6 }), hosts).map(([n, last, host]): Decide => (snapshot) =>
    releaseAddress(snapshot, { space: `default:n${n}`, address: `10.0.${n}.${last}` }, {
      now: 1,
      host,
    })
  ),
);

/** A process looks at the store, or commits what it decides from what it last saw. */
const steps = fc.array(
  fc.tuple(fc.nat({ max: 2 }), fc.option(decisions, { nil: undefined, freq: 3 })),
  { minLength: 20, maxLength: 80 },
);

Deno.test("no interleaving of stale decisions duplicates or leaks what is allocated", () => {
  fc.assert(
    fc.property(steps, (taken) => {
      let store = new TestCluster().snapshot;
      const seen: Snapshot[] = [store, store, store];
      for (const [process, decide] of taken) {
        const stale = seen[process];
        if (!decide || !stale) {
          seen[process] = store;
          continue;
        }
        const plan = planOf(decide, stale);
        if (plan && !failedCompare(store, plan)) store = applyPlan(store, plan);
        checkUnique(store);
        assert.deepEqual(sweep(store, 1, { grace: 0 }).result, []);
      }
    }),
    { numRuns: 400 },
  );
});

function planOf(decide: Decide, snapshot: Snapshot): Plan<unknown> | undefined {
  try {
    return decide(snapshot);
  } catch (error) {
    if (error instanceof IntentError) return undefined;
    throw error;
  }
}

function checkUnique(snapshot: Snapshot): void {
  const endpoints = readAll<EndpointState>(snapshot, ENDPOINTS);
  const addresses = endpoints.map((endpoint) => `${endpoint.netID} ${endpoint.ipAddress}`);
  const ports = endpoints.map((endpoint) => `${endpoint.homingHost} ${endpoint.portNumber}`);
  assert.equal(new Set(addresses).size, endpoints.length);
  assert.equal(new Set(ports).size, endpoints.length);
  for (const { netID, ipAddress, serviceName } of endpoints) {
    const network = snapshot.get(`/contiv.io/state/nets/${netID}`);
    assert.ok(network, `${netID} of an endpoint exists`);
    if (serviceName) {
      assert.ok(snapshot.get(`/contiv.io/state/endpointGroups/${serviceName}:default`));
    }
    const inPool = /\.[12]$/.test(ipAddress);
    const group = snapshot.get("/contiv.io/state/endpointGroups/g0:default");
    if (group?.value.includes(`"networkName":"${netID.split(".")[0]}"`)) {
      assert.equal(inPool, serviceName === "g0", `${ipAddress} in ${serviceName}`);
    }
  }
}

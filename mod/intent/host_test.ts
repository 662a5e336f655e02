import assert from "node:assert/strict";
import type { HostState } from "../model/records.ts";
import { addressKey, ENDPOINTS, hostKey, portPrefix, SERVICES } from "../state/keys.ts";
import { applyPlan, failedCompare } from "../state/fixed_snapshot.ts";
import { remove } from "../state/plan.ts";
import { read, type Snapshot } from "../state/snapshot.ts";
import { requestAddress } from "./endpoint.ts";
import { claimHost, forgetHost, type HostClaim, noteHosts } from "./host.ts";
import { refusalOf, TestCluster } from "./testing.ts";

const claim = (more: Partial<HostClaim> = {}): HostClaim => ({
  label: "a",
  identity: "one",
  controlAddress: "192.0.2.1",
  vtepAddress: "198.51.100.1",
  vxlanPort: 4789,
  version: "1",
  ...more,
});
const OTHER = claim({ identity: "two", controlAddress: "192.0.2.2", vtepAddress: "198.51.100.2" });
const AT = { now: 5, lease: "lease" };

/** What is left when an agent's lease has ended. */
function ended(snapshot: Snapshot): Snapshot {
  const operations = snapshot.list(SERVICES).map(({ key }) => remove(key));
  return applyPlan(snapshot, { compares: [], operations, result: undefined });
}

function claimed(cluster = new TestCluster(), wanted = claim()): TestCluster {
  cluster.apply(claimHost(cluster.snapshot, wanted, AT));
  return cluster;
}

Deno.test("claimHost writes the host's record and its two registrations, under the lease", () => {
  const plan = claimHost(new TestCluster().snapshot, claim({ vtepAddress: "FD00::1" }), AT);
  const keys = plan.operations.map(({ key }) => key);
  assert.deepEqual(keys, [
    "/contiv.io/service/netplugin/192.0.2.1:9002",
    "/contiv.io/service/netplugin.vtep/fd00::1:4789",
    "/contiv.io/state/hosts/a",
  ]);
  assert.deepEqual(
    plan.operations.map((operation) => operation.type === "put" && operation.lease),
    ["lease", "lease", undefined],
  );
  assert.equal(plan.result.vtepAddress, "fd00::1");
});

Deno.test("claimHost refuses a label whose holder runs, and says who that is and what to do", () => {
  const { snapshot } = claimed();
  const error = refusalOf(() => claimHost(snapshot, OTHER, AT));
  assert.equal(error.code, "conflict");
  assert.match(error.message, /label a is taken: the host at 192\.0\.2\.1 has it since 1970/);
  assert.match(error.advice ?? "", /--host NAME/);
});

Deno.test("claimHost gives the label to a host that was made anew once the old one's lease has ended", () => {
  const { snapshot } = claimed();
  const plan = claimHost(ended(snapshot), OTHER, AT);
  assert.equal(plan.result.identity, "two");
});

Deno.test("claimHost keeps since when, and that a host is up, when it comes back", () => {
  const cluster = claimed();
  cluster.snapshot = ended(cluster.snapshot);
  cluster.apply(noteHosts(cluster.snapshot, 70));
  const { result } = claimHost(cluster.snapshot, claim(), { ...AT, now: 90 });
  assert.equal(result.since, 5);
  assert.equal(result.downSince, undefined);
});

Deno.test("of two claims decided from the same state only one commits", () => {
  const { snapshot } = new TestCluster();
  const [first, second] = [claim(), OTHER].map((each) => claimHost(snapshot, each, AT));
  assert.ok(first && second);
  assert.ok(failedCompare(applyPlan(snapshot, first), second));
});

Deno.test("a claim fails when the holder registers again meanwhile", () => {
  const before = ended(claimed().snapshot);
  const second = claimHost(before, OTHER, AT);
  assert.ok(failedCompare(applyPlan(before, claimHost(before, claim(), AT)), second));
});

for (
  const [what, shared, option] of [
    ["control", { controlAddress: "192.0.2.1" }, /--ctrl-ip/],
    ["tunnel", { vtepAddress: "198.51.100.1" }, /--vtep-ip/],
  ] as const
) {
  Deno.test(`claimHost refuses the ${what} address of another host that runs`, () => {
    const { snapshot } = claimed();
    const error = refusalOf(() => claimHost(snapshot, { ...OTHER, label: "b", ...shared }, AT));
    assert.match(error.message, /is taken: the agent of host a/);
    assert.match(error.advice ?? "", option);
  });
}

Deno.test("noteHosts notes a host without a registration as down once, and as up when it is back", () => {
  const cluster = claimed();
  assert.deepEqual(cluster.apply(noteHosts(cluster.snapshot, 10)), []);
  cluster.snapshot = ended(cluster.snapshot);
  assert.deepEqual(cluster.apply(noteHosts(cluster.snapshot, 20)), [{ label: "a", now: "down" }]);
  assert.deepEqual(noteHosts(cluster.snapshot, 30).operations, []);
  assert.equal(read<HostState>(cluster.snapshot, hostKey("a"))?.downSince, 20);
  claimed(cluster);
  assert.deepEqual(noteHosts(cluster.snapshot, 40).operations, []);
});

/** A host of that many endpoints and an address for Docker, down since 20; another host's endpoint beside it. */
function gone(endpoints: number): TestCluster {
  const cluster = claimed();
  cluster.network("net1", "10.1.0.0/16", { ipv6Subnet: "fd01::/64" });
  for (let i = 0; i < endpoints; i++) cluster.endpoint(`ep${i}`, {}, "a");
  cluster.endpoint("other", {}, "b");
  const asked = { space: "default:net1", family: 4, address: "10.1.9.9" } as const;
  cluster.apply(requestAddress(cluster.snapshot, asked, { now: 1, host: "a" }));
  cluster.snapshot = ended(cluster.snapshot);
  cluster.apply(noteHosts(cluster.snapshot, 20));
  return cluster;
}

/** The hosts that have been seen down for long enough. */
const A: ReadonlySet<string> = new Set(["a"]);

Deno.test("forgetHost leaves a host alone that nobody has seen down for long enough, whatever the time", () => {
  assert.equal(forgetHost(gone(1).snapshot, 1e15, 100, new Set()).result, undefined);
});

Deno.test("forgetHost leaves a host alone that is up, or has not been down for the grace time", () => {
  assert.equal(forgetHost(claimed().snapshot, 1e9, 0, A).result, undefined);
  assert.equal(forgetHost(gone(1).snapshot, 119, 100, A).result, undefined);
});

Deno.test("forgetHost takes away all that a gone host held, in steps that a store takes, and nothing else", () => {
  const cluster = gone(45);
  const steps = [];
  for (let finished = false; !finished;) {
    const step = cluster.apply(forgetHost(cluster.snapshot, 120, 100, A));
    assert.ok(step, "it ends with a finished step");
    steps.push(step.endpoints);
    finished = step.finished;
  }
  assert.deepEqual(steps, [20, 20, 5, 0, 0]);
  assert.deepEqual(cluster.snapshot.list(ENDPOINTS).map(({ key }) => key), [
    `${ENDPOINTS}net1.default-other`,
  ]);
  assert.deepEqual(cluster.snapshot.list(portPrefix("a")), []);
  assert.equal(cluster.snapshot.get(addressKey("default:net1", "10.1.9.9")), undefined);
  assert.equal(cluster.snapshot.get(hostKey("a")), undefined);
  assert.equal(forgetHost(cluster.snapshot, 120, 100, A).result, undefined);
});

Deno.test("a step of forgetting fails when the host comes back meanwhile", () => {
  const { snapshot } = gone(1);
  const step = forgetHost(snapshot, 120, 100, A);
  assert.ok(failedCompare(applyPlan(snapshot, claimHost(snapshot, claim(), AT)), step));
});

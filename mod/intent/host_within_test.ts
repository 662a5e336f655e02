import { equal, match } from "node:assert/strict";
import { parsePrefix } from "../net/prefix.ts";
import { applyPlan } from "../state/fixed_snapshot.ts";
import { hostKey } from "../state/keys.ts";
import { put } from "../state/plan.ts";
import { HostAddresses } from "./host_within.ts";
import { refusalOf, TestCluster } from "./testing.ts";

Deno.test("an infra network is refused a subnet that a host is reached in; a network for containers is not", () => {
  const cluster = new TestCluster();
  const host = { id: "a", identity: "a", controlAddress: "192.0.2.1", vtepAddress: "fd00:9::1" };
  cluster.snapshot = applyPlan(cluster.snapshot, {
    ...{ compares: [], result: undefined },
    operations: [put(hostKey("a"), { ...host, since: 0 })],
  });
  const { message } = refusalOf(() =>
    cluster.network("backup", "192.0.2.0/25", { nwType: "infra" })
  );
  match(
    message,
    /^infra network backup cannot have the subnet 192\.0\.2\.0\/25: host a is reached/,
  );
  cluster.network("backup", "192.0.2.128/25", { nwType: "infra" });
  cluster.network("web", "192.0.2.0/25");
  const prefix = parsePrefix("fd00:9::/64");
  equal(prefix && new HostAddresses(cluster.snapshot).within(prefix)?.id, "a");
});

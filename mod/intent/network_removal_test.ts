import { deepEqual, equal, ok } from "node:assert/strict";
import { applyPlan } from "../state/fixed_snapshot.ts";
import { createEndpoint } from "./endpoint.ts";
import { finishRemoval } from "./network_removal.ts";
import { removeObject } from "./objects.ts";
import { refusalOf, TestCluster } from "./testing.ts";

const CONTEXT = { now: 1, clusterMode: "docker" };
const HOSTS = 1000;

const requestOf = (host: string) => ({
  ...{ tenant: "default", network: "backup", group: "", endpointID: host },
  attachment: { kind: "host" } as const,
});

function withHosts(count: number): { cluster: TestCluster; before: string } {
  const cluster = new TestCluster();
  const before = contents(cluster);
  cluster.network("backup", "10.8.0.0/16", {
    ...{ nwType: "infra", ipv6Subnet: "2001:db8:8::/64", ipv6Gateway: "2001:db8:8::fffe" },
  });
  for (let host = 0; host < count; host++) {
    cluster.endpoint(`h${host}`, requestOf(`h${host}`), `h${host}`);
  }
  return { cluster, before };
}

const contents = ({ snapshot }: TestCluster) =>
  JSON.stringify(snapshot.list("").map(({ key, value }) => [key, value]));

Deno.test("an infra network of a thousand hosts goes with all that they have in it, part by part", () => {
  const { cluster, before } = withHosts(HOSTS);
  const first = cluster.apply(
    removeObject(cluster.snapshot, "networks", "default:backup", CONTEXT),
  );
  deepEqual(first, { key: "default:backup", finished: false });
  let parts = 1;
  while (cluster.apply(finishRemoval(cluster.snapshot, CONTEXT)) !== undefined) parts++;
  ok(parts <= HOSTS / 10, `${parts} parts`);
  equal(contents(cluster), before);
});

Deno.test("an infra network of a few hosts goes in one transaction", () => {
  const { cluster, before } = withHosts(10);
  cluster.remove("networks", "default:backup");
  equal(contents(cluster), before);
});

Deno.test("a network that is being deleted takes no endpoint and no group, not even one that was decided before", () => {
  const { cluster } = withHosts(20);
  const late = createEndpoint(cluster.snapshot, requestOf("late"), {
    ...{ now: 1, host: "late", vtepIP: "" },
  });
  cluster.apply(removeObject(cluster.snapshot, "networks", "default:backup", CONTEXT));
  let conflict = false;
  try {
    applyPlan(cluster.snapshot, late);
  } catch {
    conflict = true;
  }
  ok(conflict, "it would have been committed");
  const refusals = [
    refusalOf(() => cluster.endpoint("late", requestOf("late"), "late")),
    refusalOf(() => cluster.group("web", "backup")),
  ];
  for (const { message } of refusals) {
    equal(message, "network backup of tenant default is being deleted");
  }
});

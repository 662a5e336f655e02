import { deepEqual } from "node:assert/strict";
import type { EndpointStatus } from "../model/records.ts";
import { applyPlan, fixedSnapshot } from "../state/fixed_snapshot.ts";
import { ENDPOINT_STATUS } from "../state/keys.ts";
import { readAll } from "../state/snapshot.ts";
import { statusPlan } from "./status.ts";
import { endpointItem, endpointRecord, networkRecord } from "./testing/records.ts";

const network = networkRecord("default", "web", 1);

Deno.test("statusPlan says part by part how each endpoint of a host with many fares", () => {
  const endpoints = Array.from({ length: 1000 }, (_, i) => endpointRecord(network, i + 1, "here"));
  const troubles = new Map(
    endpoints.map(({ id }, i) => [id, i % 3 === 2 ? "no link" : undefined]),
  );
  let snapshot = fixedSnapshot(Object.fromEntries(endpoints.map(endpointItem)));
  for (let left = true; left;) {
    const plan = statusPlan(snapshot, "here", troubles);
    snapshot = applyPlan(snapshot, plan);
    left = plan.result;
  }
  deepEqual(
    readAll<EndpointStatus>(snapshot, ENDPOINT_STATUS).map(({ id }) => id).sort(),
    [...troubles].filter(([, trouble]) => trouble).map(([id]) => id).sort(),
  );
});

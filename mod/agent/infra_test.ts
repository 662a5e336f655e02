import { deepEqual } from "node:assert/strict";
import { fixedSnapshot } from "../state/fixed_snapshot.ts";
import { missingInfra } from "./infra.ts";
import { endpointItem, endpointRecord, networkItem, networkRecord } from "./testing/records.ts";

const data = networkRecord("default", "web", 1);
const infra = { ...networkRecord("default", "backup", 2), nwType: "infra" as const };
const other = { ...networkRecord("blue", "storage", 3), nwType: "infra" as const };
const own = (host: string) => {
  const record = endpointRecord(infra, 1, host);
  return endpointItem({ ...record, id: `${infra.id}-${host}`, endpointID: host });
};

Deno.test("a host lacks an endpoint in each infra network that has none of its own", () => {
  const networks = [networkItem(data), networkItem(infra), networkItem(other)];
  const missing = missingInfra(fixedSnapshot(Object.fromEntries(networks)), "here")
    .map(({ tenant, network, endpointID }) => [tenant, network, endpointID]);
  deepEqual(missing.sort(), [["blue", "storage", "here"], ["default", "backup", "here"]]);
});

Deno.test("a host's endpoint in an infra network is made once, whatever others have", () => {
  const networks = [networkItem(infra)];
  const names = (item: ReturnType<typeof own>) =>
    missingInfra(fixedSnapshot(Object.fromEntries([...networks, item])), "here").length;
  deepEqual([names(own("here")), names(own("there"))], [0, 1]);
});

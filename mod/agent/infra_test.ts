import { deepEqual } from "node:assert/strict";
import { fixedSnapshot } from "../state/fixed_snapshot.ts";
import { hostKey } from "../state/keys.ts";
import { gatewayRoutes, missingInfra } from "./infra.ts";
import {
  configItem,
  endpointItem,
  endpointRecord,
  networkItem,
  networkRecord,
} from "./testing/records.ts";

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

Deno.test("a host with contivh1 has routes to the VXLAN networks of its tenant", () => {
  const gateway = { ...networkRecord("default", "contivh1", 9), nwType: "infra" as const };
  const record = { ...endpointRecord(gateway, 1, "here"), id: `${gateway.id}-here` };
  const networks = [
    data,
    infra,
    gateway,
    networkRecord("blue", "web", 4),
    { ...networkRecord("default", "lan", 5), pktTagType: "vlan" as const },
  ].map(networkItem);
  const items = [configItem, ...networks, endpointItem(record)];
  const routes = (host: string) => gatewayRoutes(fixedSnapshot(Object.fromEntries(items)), host);
  deepEqual(routes("here"), { prefixes: ["10.1.1.0/24"], withheld: [] });
  deepEqual(routes("there"), undefined);
});

Deno.test("a host gets no route that would cut it off from another host", () => {
  const gateway = { ...networkRecord("default", "contivh1", 9), nwType: "infra" as const };
  const record = { ...endpointRecord(gateway, 1, "here"), id: `${gateway.id}-here` };
  const there = {
    ...{ id: "there", identity: "t", since: 0 },
    ...{ controlAddress: "192.0.2.2", vtepAddress: "10.1.1.77" },
  };
  const items = [configItem, networkItem(data), networkItem(gateway), endpointItem(record)];
  const snapshot = fixedSnapshot({ ...Object.fromEntries(items), [hostKey("there")]: there });
  deepEqual(gatewayRoutes(snapshot, "here"), { prefixes: [], withheld: [data.id] });
});

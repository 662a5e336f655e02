import { deepEqual } from "node:assert/strict";
import { fixedSnapshot } from "../state/fixed_snapshot.ts";
import { DesiredState } from "./desired_state.ts";
import { networkOwner } from "./owners.ts";
import {
  configItem,
  endpointItem,
  endpointRecord,
  networkItem,
  networkRecord,
  tenantItem,
  tenantRecord,
} from "./testing/records.ts";

const FACTS = {
  ...{ host: "here", cluster: "c1", datapath: "netdev", mtu: 1450 } as const,
  ...{ vtepAddress: "192.0.2.1", vxlanPort: 4789 },
};

Deno.test("DesiredState keeps other tenants' packets out of what the host itself reaches, as long as it does", () => {
  const gateway = { ...networkRecord("default", "contivh1", 9), nwType: "infra" as const };
  const one = networkRecord("default", "one", 1);
  const here = endpointItem(endpointRecord(one, 1, "here"));
  const items = [configItem, tenantItem(tenantRecord("default", 1)), networkItem(one), here];
  const without = fixedSnapshot(Object.fromEntries(items));
  const opened = fixedSnapshot(Object.fromEntries([...items, networkItem(gateway)]));
  const closes = (desired: DesiredState) =>
    desired.flows(networkOwner(one.id)).some(({ match }) =>
      match.join() === `ip,nw_dst=${one.subnetIP}/${one.subnetLen}`
    );
  const desired = new DesiredState(FACTS);
  desired.reset(without);
  const key = networkItem(gateway)[0];
  const seen = [closes(desired)];
  for (const snapshot of [opened, without]) {
    desired.update(snapshot, [key]);
    seen.push(closes(desired));
  }
  desired.reset(opened);
  deepEqual([...seen, closes(desired)], [false, true, false, true]);
});

import assert from "node:assert/strict";
import { endpointKey, hostKey } from "../../mod/state/keys.ts";
import { fixedSnapshot } from "../../mod/state/fixed_snapshot.ts";
import { serviceKey, serviceRecord } from "../../mod/state/registration.ts";
import { hostList } from "./host_list.ts";

Deno.test("hostList says of each host whether its agent runs, and how many endpoints it carries", () => {
  const record = serviceRecord("netplugin", { address: "192.0.2.1", port: 9002, host: "a" }, "1");
  const host = (id: string, more = {}) => ({
    id,
    identity: id,
    controlAddress: "192.0.2.1",
    vtepAddress: "198.51.100.1",
    since: 0,
    ...more,
  });
  const snapshot = fixedSnapshot({
    [hostKey("a")]: host("a"),
    [hostKey("b")]: host("b", { downSince: 1000 }),
    [serviceKey(record)]: record,
    [endpointKey("one")]: { homingHost: "b" },
    [endpointKey("two")]: { homingHost: "b" },
  });
  const addresses = { controlAddress: "192.0.2.1", vtepAddress: "198.51.100.1" };
  assert.deepEqual(hostList(snapshot), [
    { name: "a", state: "up", ...addresses, endpoints: 0 },
    {
      name: "b",
      state: "down",
      downSince: "1970-01-01T00:00:01.000Z",
      ...addresses,
      endpoints: 2,
    },
  ]);
});

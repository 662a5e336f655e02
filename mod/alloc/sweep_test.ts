import assert from "node:assert/strict";
import { applyPlan, fixedSnapshot } from "../state/fixed_snapshot.ts";
import { addressKey, endpointKey, NETWORKS, numberKey, portKey } from "../state/keys.ts";
import { sweep } from "./sweep.ts";

const endpoint = (id: string) => ({ owner: { kind: "endpoint", id }, created: 0 });
const docker = (host: string, created: number) => ({
  owner: { kind: "docker", id: "t:n" },
  host,
  created,
});

const SNAPSHOT = fixedSnapshot({
  [`${NETWORKS}n.t`]: { addressSpace: "t:n", pktTagType: "vxlan", extPktTag: 7, pktTag: 1 },
  [endpointKey("n.t-e")]: {
    netID: "n.t",
    ipAddress: "10.0.0.1",
    ipv6Address: "",
    homingHost: "hostA",
    portNumber: 1,
  },
  [addressKey("t:n", "10.0.0.1")]: endpoint("n.t-e"),
  [addressKey("t:n", "10.0.0.2")]: endpoint("n.t-e"),
  [addressKey("t:n", "10.0.0.3")]: endpoint("n.t-gone"),
  [addressKey("t:n", "10.0.0.4")]: docker("hostA", 0),
  [addressKey("t:n", "10.0.0.5")]: docker("hostA", 0),
  [addressKey("t:n", "10.0.0.6")]: docker("hostA", 950),
  [addressKey("t:n", "10.0.0.7")]: docker("hostB", 0),
  [addressKey("t:n", "10.0.0.8")]: { owner: { kind: "network", id: "n.t" }, created: 0 },
  [addressKey("t:gone", "10.0.0.9")]: { owner: { kind: "network", id: "gone.t" }, created: 0 },
  [portKey("hostA", 1)]: endpoint("n.t-e"),
  [portKey("hostA", 2)]: endpoint("n.t-gone"),
  [numberKey("vxlan", 7)]: { owner: { kind: "network", id: "n.t" }, created: 0 },
  [numberKey("vxlan", 8)]: { owner: { kind: "network", id: "n.t" }, created: 0 },
  [numberKey("vlan", 9)]: { owner: { kind: "network", id: "gone.t" }, created: 0 },
  [numberKey("group", 1)]: { owner: { kind: "group", id: "g:t" }, created: 0 },
  [numberKey("vrf", 1)]: { owner: { kind: "tenant", id: "t" }, created: 0 },
  [numberKey("vrf", 2)]: { owner: { kind: "service", id: "s" }, created: 0 },
});

const FACTS = {
  host: "hostA",
  dockerAddresses: new Set([addressKey("t:n", "10.0.0.5")]),
  grace: 100,
};

Deno.test("sweep frees what has no living owner, and nothing else", () => {
  const plan = sweep(SNAPSHOT, 1000, FACTS);
  assert.deepEqual(plan.result.map(({ key }) => key), [
    addressKey("t:gone", "10.0.0.9"),
    addressKey("t:n", "10.0.0.2"),
    addressKey("t:n", "10.0.0.3"),
    addressKey("t:n", "10.0.0.4"),
    numberKey("group", 1),
    portKey("hostA", 2),
    numberKey("vlan", 9),
    numberKey("vrf", 1),
    numberKey("vxlan", 8),
  ]);
  assert.deepEqual(sweep(applyPlan(SNAPSHOT, plan), 1000, FACTS).result, []);
});

Deno.test("sweep leaves Docker's addresses alone when it does not know this host's Docker", () => {
  const { result } = sweep(SNAPSHOT, 1000, { grace: 0 });
  assert.equal(result.some(({ allocation }) => allocation.owner.kind === "docker"), false);
});

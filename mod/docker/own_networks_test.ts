import { deepEqual } from "node:assert/strict";
import { applyPlan, fixedSnapshot } from "../state/fixed_snapshot.ts";
import { dockerNetworkKey, GROUPS, networkKey } from "../state/keys.ts";
import { forgetMapping, recordMapping, SWARM } from "./mapping.ts";
import { OwnNetworks } from "./own_networks.ts";

const REF = { tenant: "default", network: "web", group: "" };
const KEY = dockerNetworkKey("default", "web", "");

Deno.test("OwnNetworks is concerned by the engine's own entries, swarm's, networks and groups, and by nothing of other hosts", () => {
  let snapshot = fixedSnapshot({});
  const own = new OwnNetworks("here", snapshot);
  const after = (change: ReturnType<typeof recordMapping>) => {
    snapshot = applyPlan(snapshot, { ...change, result: undefined });
    return own.concerned(snapshot, [KEY]);
  };
  deepEqual([
    after(recordMapping(snapshot, REF, "there", "d1")),
    after(recordMapping(snapshot, REF, "here", "d2")),
    after(recordMapping(snapshot, REF, "far", "d3")),
    after(recordMapping(snapshot, REF, SWARM, "d4")),
    after(forgetMapping(snapshot, REF, "there", "d1")),
    after(forgetMapping(snapshot, REF, "here", "d2")),
    own.concerned(snapshot, [networkKey("default", "web")]),
    own.concerned(snapshot, [`${GROUPS}web:default`]),
    own.concerned(snapshot, ["/contiv.io/state/eps/x"]),
  ], [false, true, false, true, false, true, true, true, false]);
});

Deno.test("OwnNetworks is concerned when an entry goes that was there before it began", () => {
  const empty = fixedSnapshot({});
  const before = applyPlan(empty, {
    ...recordMapping(empty, REF, "here", "d1"),
    result: undefined,
  });
  const own = new OwnNetworks("here", before);
  deepEqual([own.concerned(before, [KEY]), own.concerned(empty, [KEY])], [false, true]);
});

import assert from "node:assert/strict";
import { CLUSTER } from "../state/keys.ts";
import { fixedSnapshot } from "../state/fixed_snapshot.ts";
import { CLUSTER_ID, clusterOf, refuseForeign } from "./cluster_guard.ts";
import { AgentError } from "./error.ts";
import type { PortState } from "./switch.ts";
import { configItem } from "./testing/records.ts";

const host = (cluster: string): PortState => ({
  name: "contivh0",
  externalIds: { [CLUSTER_ID]: cluster },
  number: 65000,
});
const endpoint: PortState = { name: "vvport1", externalIds: {}, number: 1 };

const refused: [string, PortState[], boolean][] = [
  ["the bridge is empty", [], false],
  ["the bridge is this cluster's", [host("ours"), endpoint], false],
  ["the bridge has no mark yet", [{ ...host("ours"), externalIds: {} }, endpoint], false],
  ["another cluster left no endpoints", [host("theirs")], false],
  ["another cluster's endpoints are on it", [host("theirs"), endpoint], true],
];
for (const [when, ports, expected] of refused) {
  Deno.test(`refuseForeign ${expected ? "refuses" : "lets pass"} when ${when}`, () => {
    const attempt = () => refuseForeign(ports, "ours");
    if (expected) {
      assert.throws(
        attempt,
        (error: unknown) => error instanceof AgentError && error.code === "foreign-switch",
      );
    } else attempt();
  });
}

Deno.test("clusterOf asks for a master when the store is empty", () => {
  assert.throws(() => clusterOf(fixedSnapshot({})), AgentError);
  assert.throws(() => clusterOf(fixedSnapshot(Object.fromEntries([configItem]))), AgentError);
  assert.equal(
    clusterOf(fixedSnapshot({ [CLUSTER]: { id: "x" }, ...Object.fromEntries([configItem]) })),
    "x",
  );
});

import assert from "node:assert/strict";
import { applyPlan, fixedSnapshot } from "../state/fixed_snapshot.ts";
import { nameCluster } from "./cluster.ts";

Deno.test("nameCluster gives the first id and keeps it ever after", () => {
  const first = nameCluster(fixedSnapshot({}), "a");
  assert.equal(first.result, "a");
  const again = nameCluster(applyPlan(fixedSnapshot({}), first), "b");
  assert.equal(again.result, "a");
  assert.deepEqual(again.operations, []);
});

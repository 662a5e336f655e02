import assert from "node:assert/strict";
import type { Flow } from "../pipeline/flow.ts";
import type { Group } from "../pipeline/group.ts";
import type { Meter } from "../pipeline/meter.ts";
import { PipelineLedger } from "./pipeline_ledger.ts";

const flow: Flow = { table: 0, priority: 1, match: [], actions: ["group:7"] };
const flood = (...ports: number[]): Group => ({
  id: 7,
  type: "all",
  buckets: ports.map((port) => ({ actions: [`output:${port}`] })),
});
const meter = (rate: number): Meter => ({ id: 3, rate, burst: 10 });
const none = { flows: [], groups: [], meters: [] };

Deno.test("PipelineLedger says nothing is to be done when what is wanted is in force", () => {
  const ledger = new PipelineLedger();
  const content = { flows: [flow], groups: [flood(1)], meters: [meter(5)] };
  assert.equal(ledger.change([{ owner: "a", content: none }]), undefined);
  assert.deepEqual(ledger.change([{ owner: "a", content }]), {
    add: [flow],
    remove: [],
    setGroups: [flood(1)],
    removeGroups: [],
    setMeters: [meter(5)],
    removeMeters: [],
  });
  ledger.confirm("a", content);
  const same = { flows: [flow], groups: [flood(1)], meters: [meter(5)] };
  assert.equal(ledger.change([{ owner: "a", content: same }]), undefined);
});

Deno.test("PipelineLedger sets only the groups and meters that differ, buckets in order, and removes what is no longer wanted", () => {
  const ledger = new PipelineLedger();
  ledger.confirm("a", { flows: [flow], groups: [flood(1, 2)], meters: [meter(5)] });
  const other = ledger.change([{
    owner: "a",
    content: { flows: [flow], groups: [flood(2, 1)], meters: [meter(6)] },
  }]);
  assert.deepEqual([other?.setGroups, other?.setMeters], [[flood(2, 1)], [meter(6)]]);
  const gone = ledger.change([{ owner: "a", content: none }]);
  assert.deepEqual([gone?.remove, gone?.removeGroups, gone?.removeMeters], [[flow], [7], [3]]);
});

Deno.test("PipelineLedger leaves a group that another owner is about to take over", () => {
  const ledger = new PipelineLedger();
  ledger.confirm("old", { ...none, groups: [flood(1)] });
  ledger.change([{ owner: "new", content: { ...none, groups: [flood(2)] } }]);
  assert.equal(ledger.change([{ owner: "old", content: none }]), undefined);
});

Deno.test("PipelineLedger leaves a group that another owner has taken over", () => {
  const ledger = new PipelineLedger();
  ledger.confirm("old", { ...none, groups: [flood(1)] });
  ledger.confirm("new", { ...none, groups: [flood(2)] });
  assert.equal(ledger.change([{ owner: "old", content: none }]), undefined);
  ledger.confirm("old", none);
  assert.deepEqual(ledger.change([{ owner: "new", content: none }])?.removeGroups, [7]);
});

import assert from "node:assert/strict";
import type { Flow } from "../pipeline/flow.ts";
import { FlowLedger } from "./flow_ledger.ts";

const flow = (match: string, action: string): Flow => ({
  table: 0,
  priority: 1,
  match: [match],
  actions: [action],
});

Deno.test("FlowLedger changes only what differs", () => {
  const ledger = new FlowLedger();
  const first = [flow("in_port=1", "drop"), flow("in_port=2", "drop")];
  assert.deepEqual(ledger.change("a", first), { add: first, remove: [] });
  ledger.confirm("a", first);
  assert.deepEqual(ledger.change("a", first), { add: [], remove: [] });
  const second = [flow("in_port=1", "drop"), flow("in_port=3", "drop")];
  assert.deepEqual(ledger.change("a", second), { add: [second[1]], remove: [first[1]] });
});

Deno.test("FlowLedger replaces a flow whose actions changed without removing it", () => {
  const ledger = new FlowLedger();
  ledger.confirm("a", [flow("in_port=1", "drop")]);
  const after = [flow("in_port=1", "NORMAL")];
  assert.deepEqual(ledger.change("a", after), { add: after, remove: [] });
});

Deno.test("FlowLedger leaves a flow that another owner is about to take over", () => {
  const ledger = new FlowLedger();
  ledger.confirm("old", [flow("nw_dst=10.1.1.1", "output:1")]);
  const taken = [flow("nw_dst=10.1.1.1", "output:2")];
  ledger.change("new", taken);
  assert.deepEqual(ledger.change("old", []), { add: [], remove: [] });
  ledger.confirm("new", taken);
  ledger.confirm("old", []);
  assert.deepEqual(ledger.change("new", []), { add: [], remove: taken });
});

Deno.test("FlowLedger leaves a flow that another owner has taken over", () => {
  const ledger = new FlowLedger();
  ledger.confirm("old", [flow("nw_dst=10.1.1.1", "output:1")]);
  ledger.confirm("new", [flow("nw_dst=10.1.1.1", "output:2")]);
  assert.deepEqual(ledger.change("old", []), { add: [], remove: [] });
  ledger.confirm("old", []);
  assert.equal(ledger.change("new", []).remove.length, 1);
});

Deno.test("FlowLedger leaves a flow that another owner took over before it was confirmed for the first", () => {
  const ledger = new FlowLedger();
  const first = [flow("nw_dst=10.1.1.1", "output:1")];
  const taken = [flow("nw_dst=10.1.1.1", "output:2")];
  ledger.change("old", first);
  ledger.change("new", taken);
  ledger.confirm("old", first);
  assert.deepEqual(ledger.change("old", []), { add: [], remove: [] });
  ledger.confirm("new", taken);
  ledger.confirm("old", []);
  assert.deepEqual(ledger.change("new", []).remove, taken);
});

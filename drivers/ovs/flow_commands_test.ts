import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import fc from "fast-check";
import { type Flow, formatFlow } from "../../mod/pipeline/flow.ts";
import { changeLines, type InstalledFlow, reconcile } from "./flow_commands.ts";
import { flowCookie } from "./flow_cookie.ts";

const flow: fc.Arbitrary<Flow> = fc.record({
  table: fc.nat(2),
  priority: fc.integer({ min: 1, max: 2 }),
  match: fc.constantFrom([], ["ip"], ["ip", "nw_src=10.0.0.1"], ["arp"]),
  actions: fc.constantFrom([], ["goto_table:9"], ["output:3"]),
});

const identity = (each: Flow) => formatFlow({ ...each, actions: [] });
const unique = (
  flows: readonly Flow[],
) => [...new Map(flows.map((f) => [identity(f), f])).values()];
const installedOf = (flows: readonly Flow[]): InstalledFlow[] =>
  flows.map((each) => ({ table: each.table, cookie: flowCookie(each) }));

/** What a switch does with the lines: `flow add` replaces by identity, `flow delete` takes all of a cookie and table. */
function carryOut(present: readonly Flow[], lines: readonly string[]): string[] {
  const flows = new Map(
    present.map((each) => [identity(each), `${flowCookie(each)} ${formatFlow(each)}`]),
  );
  for (const line of lines) {
    const added = /^flow add cookie=(\w+),((.*?) actions=.*)$/.exec(line);
    if (added) flows.set(`${added[3]} actions=drop`, `${added[1]} ${added[2]}`);
    const removed = /^flow delete cookie=(\w+)\/-1,table=(\d+)$/.exec(line);
    for (const [key, text] of removed ? flows : []) {
      if (text.startsWith(`${removed?.[1]} table=${removed?.[2]},`)) flows.delete(key);
    }
  }
  return [...flows.values()].sort();
}

Deno.test("flow reconciliation ends at what is desired, whatever was installed, and then changes nothing", () => {
  fc.assert(fc.property(fc.array(flow), fc.array(flow), (before, wanted) => {
    const present = unique(before);
    const { lines } = reconcile(wanted, installedOf(present));
    const expected = unique(wanted).map((each) => `${flowCookie(each)} ${formatFlow(each)}`).sort();
    deepEqual(carryOut(present, lines), expected);
    deepEqual(reconcile(wanted, installedOf(unique(wanted))), { lines: [], added: 0, removed: 0 });
  }));
});

Deno.test("flow reconciliation touches only what differs", () => {
  fc.assert(fc.property(fc.array(flow), fc.array(flow), (before, wanted) => {
    const present = new Set(unique(before).map(formatFlow));
    const desired = new Set(unique(wanted).map(formatFlow));
    const { added, removed } = reconcile(wanted, installedOf(unique(before)));
    equal(added, desired.difference(present).size);
    equal(removed, present.difference(desired).size);
  }));
});

Deno.test("flow reconciliation clears a cookie that more flows carry than are desired", () => {
  const wanted: Flow = { table: 1, priority: 1, match: ["ip"], actions: [] };
  const [place] = installedOf([wanted]);
  const { lines, added, removed } = reconcile([wanted], place ? [place, place] : []);
  deepEqual([added, removed], [1, 2]);
  match(lines[0] ?? "", /^flow delete cookie=0xc0471.{11}\/-1,table=1$/);
  match(lines[1] ?? "", /^flow add /);
});

Deno.test("flow changes remove by identity among our own, and a replacement is no removal", () => {
  const old: Flow = { table: 1, priority: 1, match: ["ip"], actions: [] };
  const gone: Flow = { table: 2, priority: 3, match: ["arp"], actions: [] };
  const replaced = { ...old, actions: ["goto_table:2"] };
  deepEqual(changeLines({ add: [replaced], remove: [old, gone] }), [
    "flow delete_strict cookie=0xc047000000000000/0xffff000000000000,table=2,priority=3,arp",
    `flow add cookie=${flowCookie(replaced)},table=1,priority=1,ip actions=goto_table:2`,
  ]);
});

Deno.test("flow cookies are ours, stable and differ with any part of the flow", () => {
  const base: Flow = { table: 1, priority: 1, match: ["ip"], actions: [] };
  match(flowCookie(base), /^0xc0471[0-9a-f]{11}$/);
  equal(flowCookie({ ...base }), flowCookie(base));
  for (const change of [{ table: 2 }, { priority: 2 }, { match: ["arp"] }, { actions: ["a"] }]) {
    notEqual(flowCookie({ ...base, ...change }), flowCookie(base));
  }
  const many = new Set<string>();
  for (let n = 0; n < 200_000; n++) many.add(flowCookie({ ...base, match: [`reg0=${n}`] }));
  equal(many.size, 200_000);
});

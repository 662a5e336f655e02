import assert from "node:assert/strict";
import fc from "fast-check";
import { Combination } from "./combine.ts";
import { applyPlan, failedCompare, fixedSnapshot } from "./fixed_snapshot.ts";
import { type Plan, put, remove } from "./plan.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Compare } from "./store.ts";

const KEYS = ["/c/a", "/c/b", "/c/d/e"];
const base = fixedSnapshot({ "/c/a": 1, "/c/b": 1 }, 5);

const plan = (compares: Compare[], ...operations: Plan<void>["operations"]): Plan<void> => ({
  compares,
  operations,
  result: undefined,
});

const key = fc.constantFrom(...KEYS);
const request = fc.record({
  compared: key,
  kind: fc.constantFrom("modRevision" as const, "createRevision" as const, "prefix" as const),
  written: key,
  value: fc.nat(9),
  deletes: fc.boolean(),
});

/** A plan whose compares hold in the snapshot, as a careful decision's do. */
function decide(
  snapshot: Snapshot,
  { compared, kind, written, value, deletes }: Requested,
): Plan<void> {
  const compare: Compare = kind === "prefix"
    ? { prefix: "/c/", unchangedSince: snapshot.revision }
    : kind === "modRevision"
    ? { key: compared, modRevision: snapshot.get(compared)?.modRevision ?? 0 }
    : { key: compared, createRevision: snapshot.get(compared)?.createRevision ?? 0 };
  return plan([compare], deletes ? remove(written) : put(written, value));
}
type Requested = typeof request extends fc.Arbitrary<infer T> ? T : never;

const valuesOf = (snapshot: Snapshot) => snapshot.list("").map((item) => [item.key, item.value]);

Deno.test("Combination comes to what its plans come to one after the other", () => {
  fc.assert(fc.property(fc.array(request, { maxLength: 8 }), (requests) => {
    const combination = new Combination(base);
    let oneByOne = base;
    for (const each of requests) {
      const joined = combination.join(decide(combination.view, each));
      assert.notEqual(joined, "contradictory");
      if (joined === "joined") oneByOne = applyPlan(oneByOne, decide(oneByOne, each));
    }
    const { compares, operations } = combination;
    const atOnce = applyPlan(base, { compares, operations, result: undefined });
    assert.deepEqual(valuesOf(atOnce), valuesOf(oneByOne));
    assert.deepEqual(valuesOf(combination.view), valuesOf(oneByOne));
  }));
});

Deno.test("Combination fails in a store where what a plan relied on has changed", () => {
  fc.assert(fc.property(request, key, fc.boolean(), (each, changed, recreated) => {
    const combination = new Combination(base);
    const relying = decide(combination.view, each);
    combination.join(plan([], put("/first", 1)));
    combination.join(relying);
    let store = applyPlan(base, plan([], recreated ? remove(changed) : put(changed, 99)));
    if (recreated) store = applyPlan(store, plan([], put(changed, 99)));
    const alone = failedCompare(store, relying) === undefined;
    const { compares, operations } = combination;
    const together =
      failedCompare(store, { compares, operations, result: undefined }) === undefined;
    assert.equal(together, alone);
  }));
});

Deno.test("Combination keeps a key's continuity checked when an earlier plan writes the key too", () => {
  const combination = new Combination(base);
  combination.join(plan([], put("/c/a", 2)));
  combination.join(plan([{ key: "/c/a", createRevision: 5 }], put("/c/b", 2)));
  assert.deepEqual(combination.compares, [{ key: "/c/a", createRevision: 5 }]);
});

const alone: [string, Plan<void>, Plan<void>, "full" | "contradictory"][] = [
  [
    "makes anew what an earlier plan deletes",
    plan([], remove("/c/a")),
    plan([], put("/c/a", 2)),
    "full",
  ],
  [
    "deletes what an earlier plan writes",
    plan([], put("/c/a", 2)),
    plan([], remove("/c/a")),
    "full",
  ],
  [
    "brings more operations than fit",
    plan([], put("/c/a", 2)),
    plan([], ...Array.from({ length: 128 }, (_, i) => put(`/n/${i}`, i))),
    "full",
  ],
  [
    "brings a large value",
    plan([], put("/c/a", 2)),
    plan([], put("/c/b", "x".repeat(300_000))),
    "full",
  ],
  [
    "relies on what an earlier plan changes",
    plan([], put("/c/a", 2)),
    plan([{ key: "/c/a", modRevision: 5 }], put("/c/b", 2)),
    "contradictory",
  ],
];

for (const [title, first, second, expected] of alone) {
  Deno.test(`Combination answers ${expected} when a plan ${title}`, () => {
    const combination = new Combination(base);
    assert.equal(combination.join(first), "joined");
    assert.equal(combination.join(second), expected);
    assert.equal(combination.operations.length, 1);
    assert.equal(new Combination(base).join({ ...second, compares: [] }), "joined");
  });
}

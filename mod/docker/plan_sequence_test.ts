import assert from "node:assert/strict";
import fc from "fast-check";
import { applyPlan, fixedSnapshot } from "../state/fixed_snapshot.ts";
import { type Plan, put, remove } from "../state/plan.ts";
import type { Snapshot } from "../state/snapshot.ts";
import { PlanSequence } from "./plan_sequence.ts";

const KEYS = ["/c/a", "/c/b", "/c/d"];
const base = fixedSnapshot({ "/c/a": 1, "/c/b": 1 }, 5);
const step = fc.record({
  compared: fc.constantFrom(...KEYS),
  written: fc.constantFrom(...KEYS),
  value: fc.nat(9),
  deletes: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Relies on `compared`, writes `written`. */
function decide(snapshot: Snapshot, { compared, written, value, deletes }: Step): Plan<void> {
  return {
    compares: [{ key: compared, modRevision: snapshot.get(compared)?.modRevision ?? 0 }],
    operations: [deletes ? remove(written) : put(written, value)],
    result: undefined,
  };
}

const valuesOf = (snapshot: Snapshot) => snapshot.list("").map((item) => [item.key, item.value]);

Deno.test("PlanSequence comes to what its plans come to one after the other", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
    const sequence = new PlanSequence(base);
    let oneByOne: Snapshot = base;
    for (const each of steps) {
      oneByOne = applyPlan(oneByOne, decide(oneByOne, each));
      sequence.add(decide(sequence.snapshot, each));
    }
    const atOnce = applyPlan(base, sequence.finish(undefined));
    assert.deepEqual(valuesOf(atOnce), valuesOf(oneByOne));
    assert.deepEqual(valuesOf(sequence.snapshot), valuesOf(oneByOne));
  }));
});

Deno.test("PlanSequence fails where what one of its plans relied on has changed", () => {
  fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (steps) => {
    const sequence = new PlanSequence(base);
    const written = new Set<string>();
    const relied = new Set<string>();
    for (const each of steps) {
      if (!written.has(each.compared)) relied.add(each.compared);
      sequence.add(decide(sequence.snapshot, each));
      written.add(each.written);
    }
    for (const key of relied) {
      const changed = applyPlan(base, { compares: [], operations: [put(key, 99)], result: 0 });
      assert.throws(() => applyPlan(changed, sequence.finish(undefined)), /does not hold/, key);
    }
  }));
});

import assert from "node:assert/strict";
import type { Ratio } from "./ratios.ts";
import { better, compare, reaches, record, type Thresholds } from "./thresholds.ts";

const LIMITS: Thresholds = {
  slow: { limit: 3, better: "lower", measured: 2.4, note: "why" },
  fast: { limit: 0.9, better: "higher", measured: 1 },
};
const lower = (value: number, name = "slow"): Ratio => ({ name, value, better: "lower" });
const higher = (value: number, name = "fast"): Ratio => ({ name, value, better: "higher" });

Deno.test("a ratio is beyond its limit only on the worse side of it", () => {
  const verdicts = [lower(3), lower(3.01), lower(0), higher(0.9), higher(0.89), higher(9)]
    .map((ratio) => compare([ratio], LIMITS, false)[0]?.verdict);
  assert.deepEqual(verdicts, ["within", "beyond", "within", "within", "beyond", "within"]);
});

Deno.test("a ratio without a limit, and a limit without a ratio, are said", () => {
  const findings = compare([lower(1, "new"), lower(1)], LIMITS, true);
  assert.deepEqual(findings.map(({ name, verdict }) => [name, verdict]), [
    ["new", "no limit"],
    ["slow", "within"],
    ["fast", "not measured"],
  ]);
  assert.equal(compare([lower(1)], LIMITS, false).length, 1);
});

Deno.test("recorded limits have a quarter of slack, keep notes, and leave the rest", () => {
  assert.deepEqual(record([lower(4), higher(2, "other")], LIMITS), {
    slow: { limit: 5, better: "lower", measured: 4, note: "why" },
    fast: LIMITS.fast,
    other: { limit: 1.5, better: "higher", measured: 2 },
  });
});

Deno.test("of two runs the better value of each ratio counts", () => {
  const values = better([lower(4), higher(2), lower(1, "once")], [lower(3), higher(1)]);
  assert.deepEqual(values.map(({ value }) => value), [3, 2, 1]);
});

Deno.test("a target is reached on the better side of it", () => {
  assert.equal(reaches({ ...lower(3), target: 3 }), true);
  assert.equal(reaches({ ...higher(0.8), target: 0.9 }), false);
  assert.equal(reaches(lower(1)), undefined);
});

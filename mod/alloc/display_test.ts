import assert from "node:assert/strict";
import fc from "fast-check";
import { complement, formatNumbers, mergeRuns } from "./display.ts";

Deno.test("numbers are shown as runs", () => {
  assert.equal(formatNumbers([]), "");
  assert.equal(formatNumbers([1, 2, 3, 10]), "1-3, 10");
});

Deno.test("runs and their complement are the whole, once each", () => {
  const value = fc.bigInt({ min: 0n, max: 30n });
  const run = fc.tuple(value, value).map(([a, b]) =>
    a < b ? { first: a, last: b } : { first: b, last: a }
  );
  fc.assert(fc.property(run, fc.array(run), (whole, runs) => {
    const left = complement(whole, mergeRuns(runs));
    for (let n = 0n; n <= 31n; n++) {
      const within = (it: typeof whole) => it.first <= n && n <= it.last;
      const expected = within(whole) && !runs.some(within);
      assert.equal(left.filter(within).length, expected ? 1 : 0, String(n));
    }
  }));
});

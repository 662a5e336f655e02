import assert from "node:assert/strict";
import fc from "fast-check";
import { fixedSnapshot } from "../state/fixed_snapshot.ts";
import { lowestFreeNumber } from "./numbers.ts";

const PREFIX = "ports/h/";
const RANGE = { first: 1, last: 12 };
const number = fc.integer({ min: RANGE.first, max: RANGE.last });

function holding(numbers: readonly number[]) {
  return fixedSnapshot(Object.fromEntries(numbers.map((it) => [`${PREFIX}${it}`, {}])));
}

Deno.test("the lowest number is given that is free, one to be avoided only when no other is", () => {
  fc.assert(fc.property(fc.uniqueArray(number), fc.uniqueArray(number), (held, avoid) => {
    const all = Array.from({ length: RANGE.last }, (_, at) => at + RANGE.first);
    const free = all.filter((it) => !held.includes(it));
    const expected = free.find((it) => !avoid.includes(it)) ?? free[0];
    assert.equal(lowestFreeNumber(holding(held), PREFIX, RANGE, new Set(avoid)), expected);
  }));
});

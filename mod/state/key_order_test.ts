import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { compareKeys, lowerBound, prefixEnd } from "./key_order.ts";

const key = fc.string({ unit: "binary", maxLength: 6 });

Deno.test("compareKeys orders as UTF-8 bytes do", () => {
  fc.assert(fc.property(key, key, (a, b) => {
    assert.equal(Math.sign(compareKeys(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }));
  assert.ok(compareKeys("\u{ffff}", "\u{10000}") < 0);
});

Deno.test("prefixEnd bounds exactly the keys with the prefix", () => {
  const edge = fc.string({ unit: fc.constantFrom("a", "/", "\ud7ff", "\ue000", "\u{10ffff}") });
  fc.assert(fc.property(edge, edge, (prefix, other) => {
    const end = prefixEnd(prefix);
    const within = compareKeys(prefix, other) <= 0 &&
      (end === undefined || compareKeys(other, end) < 0);
    assert.equal(within, other.startsWith(prefix));
  }));
});

Deno.test("lowerBound finds where a key belongs", () => {
  fc.assert(fc.property(fc.array(key), key, (keys, wanted) => {
    const sorted = keys.toSorted(compareKeys);
    const index = lowerBound(sorted, (item) => item, wanted);
    assert.ok(sorted.slice(0, index).every((item) => compareKeys(item, wanted) < 0));
    assert.ok(sorted.slice(index).every((item) => compareKeys(item, wanted) >= 0));
  }));
});

import assert from "node:assert/strict";
import fc from "fast-check";
import type { KeyValue } from "../../../mod/state/store.ts";
import { decodeRecords, encodeRecord, isLarge, PIECE_BYTES } from "./record_format.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

const record = fc.record<KeyValue>({
  key: fc.string({ unit: "grapheme" }).map((name) => `/contiv.io/${name}`),
  value: fc.tuple(fc.string({ unit: "grapheme" }), fc.constantFrom(0, 1, 50_000, 100_000)).map(
    ([text, times]) => text + "é😀".repeat(times),
  ),
  createRevision: fc.nat(),
  modRevision: fc.nat(),
  version: fc.nat(),
});

Deno.test("a record comes back from its pairs as it was, large or small", () => {
  fc.assert(
    fc.property(record, fc.boolean(), (plain, leased) => {
      const item = { ...plain, ...(leased && { lease: "x" }) };
      const pairs = encodeRecord(item);
      assert.ok(pairs.every((pair) => pair.value.length <= PIECE_BYTES + 200));
      assert.ok(pairs.length === 1 || isLarge(item));
      assert.deepEqual(decodeRecords(pairs), { items: [item], foreign: [] });
    }),
    { numRuns: 50 },
  );
});

Deno.test("a small record's value stands in Consul as it is, below one line of revisions", () => {
  const item = { key: "/contiv.io/a", value: '{"b":1}', createRevision: 2, modRevision: 5 };
  const [pair] = encodeRecord({ ...item, version: 3 });
  assert.equal(pair?.key, "contiv.io/a");
  const text = new TextDecoder().decode(pair.value);
  assert.equal(text, '{"create":2,"modified":5,"version":3}\n{"b":1}');
});

Deno.test("what others wrote among the records is named, and is no record", () => {
  const values = ["", "x", "{}\nx", '{"create":1}\n', "[1]\n", '{"create":"1"}\nx'];
  for (const value of values) {
    const pair = { key: "contiv.io/a", value: bytes(value) };
    assert.deepEqual(decodeRecords([pair]), { items: [], foreign: ["contiv.io/a"] }, value);
  }
});

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import type { IEvent } from "etcd3";
import { batchesOf, keyValueOf, rangeOf, txnRequest } from "./messages.ts";

Deno.test("rangeOf holds exactly the keys that start with the prefix", () => {
  const text = fc.string({ unit: "binary", maxLength: 6 }).filter((each) => !each.includes("\0"));
  fc.assert(fc.property(text, text, fc.boolean(), (prefix, other, under) => {
    const key = Buffer.from(under ? prefix + other : other);
    if (key.length === 0) return;
    const range = rangeOf(prefix);
    const all = range.range_end.equals(Buffer.from([0]));
    const inside = range.key.compare(key) <= 0 && (all || key.compare(range.range_end) < 0);
    assert.equal(inside, key.toString().startsWith(prefix));
  }));
});

Deno.test("txnRequest asks that nothing under a prefix is newer than a revision", () => {
  const { compare } = txnRequest([{ prefix: "/a/", unchangedSince: 7 }], []);
  assert.deepEqual(compare, [{
    key: Buffer.from("/a/"),
    range_end: Buffer.from("/a0"),
    target: "Mod",
    result: "Less",
    mod_revision: "8",
  }]);
});

const kv = (key: string, revision: number, lease = "0") => ({
  key: Buffer.from(key),
  value: Buffer.from("v"),
  create_revision: "1",
  mod_revision: String(revision),
  version: "2",
  lease,
});

Deno.test("batchesOf makes one batch a revision, in order, deletions included", () => {
  const event = (type: IEvent["type"], key: string, revision: number): IEvent => ({
    type,
    kv: kv(key, revision),
    prev_kv: kv(key, revision),
  });
  const batches = batchesOf({
    events: [event("Put", "a", 5), event("Delete", "b", 5), event("Put", "a", 6)],
  });
  assert.deepEqual(batches.map(({ revision, events }) => [revision, events.map((e) => e.type)]), [
    [5, ["put", "delete"]],
    [6, ["put"]],
  ]);
});

Deno.test("keyValueOf leaves out the lease that is none", () => {
  assert.equal("lease" in keyValueOf(kv("a", 1)), false);
  assert.equal(keyValueOf(kv("a", 1, "7587862094635124")).lease, "7587862094635124");
});

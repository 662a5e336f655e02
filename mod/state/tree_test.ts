import assert from "node:assert/strict";
import fc from "fast-check";
import { compareKeys } from "./key_order.ts";
import type { KeyValue, StoreEvent } from "./store.ts";
import { Tree } from "./tree.ts";

const key = fc.string({
  unit: fc.constantFrom("a", "b", "/", "\u{ffff}", "\u{10000}"),
  maxLength: 6,
});
const events = fc.array(fc.array(fc.record({ key, put: fc.boolean(), list: fc.boolean() })));

Deno.test("Tree equals a sorted map whatever is put, deleted and listed in between", () => {
  fc.assert(fc.property(events, key, (batches, prefix) => {
    let tree = Tree.EMPTY;
    const model = new Map<string, KeyValue>();
    let revision = 0;
    for (const batch of batches) {
      revision++;
      tree = tree.with(batch.map((step): StoreEvent => {
        if (!step.put) return model.delete(step.key), { type: "delete", key: step.key, revision };
        const item = recordOf(step.key, revision);
        model.set(step.key, item);
        return { type: "put", item, revision };
      }));
      if (batch[0]?.list) tree.list(prefix);
    }
    const sorted = [...model.values()].sort((a, b) => compareKeys(a.key, b.key));
    assert.deepEqual(tree.list(""), sorted);
    assert.deepEqual(tree.list(prefix), sorted.filter((item) => item.key.startsWith(prefix)));
    for (const item of sorted) assert.equal(tree.get(item.key), item);
  }));
});

Deno.test("Tree lists each version as it is, when many changes lie between two looks", () => {
  let tree = Tree.of(numbers(100).map((at) => recordOf(`/a/${at}`, 1)));
  const model = new Map(tree.list("/a/").map((item) => [item.key, item]));
  for (const round of [10, 900, 200, 3000]) {
    for (const at of numbers(round)) {
      const item = recordOf(`/a/${at * 7 % 500}`, round + at);
      const gone = at % 3 === 0;
      if (gone) model.delete(item.key);
      else model.set(item.key, item);
      const { key } = item;
      const revision = round + at;
      tree = tree.with([
        gone ? { type: "delete", key, revision } : { type: "put", item, revision },
      ]);
    }
    const before = tree;
    tree = tree.with([{ type: "put", item: recordOf("/a/later", 1), revision: 1 }]);
    const sorted = [...model.values()].sort((a, b) => compareKeys(a.key, b.key));
    assert.deepEqual(before.list("/a/").filter(({ key }) => key !== "/a/later"), sorted);
  }
});

Deno.test("Tree keeps earlier versions and shares unchanged lists", () => {
  const first = Tree.of([recordOf("/a/1", 1), recordOf("/b/1", 1)]);
  const listed = first.list("/b/");
  const second = first.with([{ type: "put", item: recordOf("/a/2", 2), revision: 2 }]);
  assert.equal(first.list("/a/").length, 1);
  assert.equal(second.list("/a/").length, 2);
  assert.equal(second.list("/b/"), listed);
});

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

function recordOf(key: string, revision: number): KeyValue {
  return { key, value: "v", createRevision: revision, modRevision: revision, version: 1 };
}

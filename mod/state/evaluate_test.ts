import assert from "node:assert/strict";
import { holds } from "./evaluate.ts";
import type { Compare, KeyValue } from "./store.ts";
import { Tree } from "./tree.ts";

const item: KeyValue = { key: "/p/k", value: "v", createRevision: 3, modRevision: 7, version: 2 };
const records = Tree.of([item]);

const cases: [Compare, boolean][] = [
  [{ key: "/p/k", modRevision: 7 }, true],
  [{ key: "/p/k", modRevision: 3 }, false],
  [{ key: "/p/k", modRevision: 0 }, false],
  [{ key: "/p/x", modRevision: 0 }, true],
  [{ key: "/p/x", modRevision: 7 }, false],
  [{ key: "/p/k", createRevision: 3 }, true],
  [{ key: "/p/k", createRevision: 7 }, false],
  [{ key: "/p/x", createRevision: 0 }, true],
  [{ key: "/p/k", value: "v" }, true],
  [{ key: "/p/k", value: "" }, false],
  [{ key: "/p/x", value: "" }, false],
  [{ prefix: "/p/", unchangedSince: 7 }, true],
  [{ prefix: "/p/", unchangedSince: 6 }, false],
  [{ prefix: "/p/", unchangedSince: 0 }, false],
  [{ prefix: "/q/", unchangedSince: 0 }, true],
];

for (const [compare, expected] of cases) {
  Deno.test(`holds is ${expected} when a record of revision 3 to 7 meets ${JSON.stringify(compare)}`, () => {
    assert.equal(holds(compare, records), expected);
  });
}

import assert from "node:assert/strict";
import { applyPlan, fixedSnapshot } from "./fixed_snapshot.ts";
import { put, remove } from "./plan.ts";
import { read, readAll } from "./snapshot.ts";
import { StoreError } from "./store.ts";

const base = fixedSnapshot({ "/c/a/1": { n: 1 }, "/c/a/2": { n: 2 }, "/c/b": "x" });

Deno.test("fixedSnapshot lists sorted records when asked by directory, partial name or root", () => {
  assert.deepEqual(readAll(base, "/c/a/"), [{ n: 1 }, { n: 2 }]);
  assert.deepEqual(readAll(base, "/c/"), [{ n: 1 }, { n: 2 }, "x"]);
  assert.deepEqual(readAll(base, ""), [{ n: 1 }, { n: 2 }, "x"]);
  assert.deepEqual(readAll(base, "/c/b"), ["x"]);
  assert.deepEqual(readAll(base, "/c/z"), []);
  assert.equal(read(base, "/c/a"), undefined);
});

Deno.test("applyPlan moves one revision on and leaves the old snapshot alone", () => {
  const after = applyPlan(base, {
    compares: [{ key: "/c/a/1", modRevision: 1 }, { key: "/c/a/3", modRevision: 0 }],
    operations: [put("/c/a/3", { n: 3 }), put("/c/a/2", { n: 22 }), remove("/c/a/1")],
    result: undefined,
  });
  assert.equal(after.revision, 2);
  assert.deepEqual(readAll(after, "/c/a/"), [{ n: 22 }, { n: 3 }]);
  const { createRevision, modRevision, version } = after.get("/c/a/2") ?? {};
  assert.deepEqual([createRevision, modRevision, version], [1, 2, 2]);
  assert.deepEqual(readAll(base, "/c/a/"), [{ n: 1 }, { n: 2 }]);
});

Deno.test("applyPlan keeps the snapshot when only absent keys are deleted", () => {
  const plan = { compares: [], operations: [remove("/c/none")], result: 1 };
  assert.equal(applyPlan(base, plan), base);
});

Deno.test("applyPlan throws when a compare fails or a key is named twice", () => {
  const absent = { compares: [{ key: "/c/b", modRevision: 0 }], operations: [], result: 1 };
  assert.throws(() => applyPlan(base, absent), /\/c\/b.*does not hold/);
  const twice = { compares: [], operations: [remove("/c/b"), remove("/c/b")], result: 1 };
  assert.throws(() => applyPlan(base, twice), StoreError);
});

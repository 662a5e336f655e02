import assert from "node:assert/strict";
import { Undo } from "./undo.ts";

Deno.test("Undo goes backwards, goes on after a failure, and says what failed", async () => {
  const seen: number[] = [];
  const undo = new Undo();
  undo.add("first", () => Promise.resolve(seen.push(1)));
  undo.add("second", () => Promise.reject(new Error("stuck")));
  undo.add("third", () => Promise.resolve(seen.push(3)));
  assert.deepEqual(await undo.run(), ["second: stuck"]);
  assert.deepEqual(seen, [3, 1]);
  assert.deepEqual(await undo.run(), []);
});

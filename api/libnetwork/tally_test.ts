import assert from "node:assert/strict";
import { Tally } from "./tally.ts";

Deno.test("Tally gives back as many as were added, and no more", () => {
  const tally = new Tally(2);
  tally.add("a");
  tally.add("a");
  assert.deepEqual([tally.take("a"), tally.take("a"), tally.take("a")], [true, true, false]);
});

Deno.test("Tally forgets the oldest when there are too many", () => {
  const tally = new Tally(2);
  for (const key of ["a", "b", "c"]) tally.add(key);
  assert.deepEqual(["a", "b", "c"].map((key) => tally.take(key)), [false, true, true]);
});

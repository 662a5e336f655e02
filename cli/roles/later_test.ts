import assert from "node:assert/strict";
import { Later } from "./later.ts";

Deno.test("Later lets calls wait for what comes", async () => {
  const later = new Later<string>("the store");
  const waiting = later.wait();
  later.set("here");
  assert.equal(await waiting, "here");
  assert.equal(await later.wait(), "here");
  assert.equal(later.require(), "here");
});

Deno.test("Later says what is missing when it does not come in time, or is not expected any more", async () => {
  const missing = { message: "the store is not ready yet" };
  await assert.rejects(new Later("the store", 1).wait(), missing);
  await assert.rejects(new Later("the store", 60_000, 0).wait(), missing);
  assert.throws(() => new Later("the store").require(), missing);
});

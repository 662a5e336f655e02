import assert from "node:assert/strict";
import { Wake } from "./wake.ts";

const LONG = 60_000;
const NEVER = new AbortController().signal;

Deno.test("Wake resolves at once, and once, when it was set before, however often", async () => {
  const wake = new Wake();
  wake.set();
  wake.set();
  assert.equal(await wake.wait(LONG, NEVER), true);
  assert.equal(await wake.wait(0, NEVER), false);
});

Deno.test("Wake resolves when it is set while somebody waits", async () => {
  const wake = new Wake();
  const waiting = wake.wait(LONG, NEVER);
  wake.set();
  assert.equal(await waiting, true);
});

Deno.test("Wake resolves when its signal aborts, before or while somebody waits", async () => {
  const wake = new Wake();
  const stop = new AbortController();
  const waiting = wake.wait(LONG, stop.signal);
  stop.abort();
  assert.equal(await waiting, false);
  assert.equal(await wake.wait(LONG, stop.signal), false);
});

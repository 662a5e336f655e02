import assert from "node:assert/strict";
import { ResyncLoop } from "./resync_loop.ts";

/** Pauses that end when the test says so; records how long each was meant to be. */
function pauses() {
  const lengths: number[] = [];
  const ends: (() => void)[] = [];
  let begun = Promise.withResolvers<void>();
  const delay = (milliseconds: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      lengths.push(milliseconds);
      signal.addEventListener("abort", () => resolve(), { once: true });
      ends.push(resolve);
      begun.resolve();
      begun = Promise.withResolvers();
    });
  return { lengths, delay, end: () => ends.at(-1)?.(), next: () => begun.promise };
}

Deno.test("ResyncLoop pauses ever longer while something is wrong, then returns to the interval", async () => {
  const time = pauses();
  const outcomes = [false, false, false, true];
  const abort = new AbortController();
  const loop = new ResyncLoop({
    look: () => Promise.resolve(outcomes.shift() ?? true),
    delay: time.delay,
    random: () => 0.999999,
  });
  const next = time.next();
  const running = loop.run(abort.signal);
  await next;
  for (let i = 0; i < 4; i++) {
    const following = time.next();
    time.end();
    await following;
  }
  abort.abort();
  await running;
  assert.deepEqual(time.lengths.map(Math.round), [60000, 500, 1000, 2000, 60000]);
});

Deno.test("ResyncLoop looks at once when asked, and after a short pause when asked to retry", async () => {
  const time = pauses();
  let looks = 0;
  const abort = new AbortController();
  const loop = new ResyncLoop({
    look: () => Promise.resolve(++looks > 0),
    delay: time.delay,
    random: () => 0.999999,
  });
  let next = time.next();
  const running = loop.run(abort.signal);
  await next;
  next = time.next();
  loop.soon();
  await next;
  assert.equal(looks, 1);
  next = time.next();
  loop.retry();
  await next;
  assert.equal(looks, 1);
  abort.abort();
  await running;
  assert.deepEqual(time.lengths.map(Math.round), [60000, 60000, 500]);
});

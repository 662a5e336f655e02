import { deepEqual, equal } from "node:assert/strict";
import { Batcher } from "./batcher.ts";

const never = new AbortController().signal;

/** Records each batch; refuses one that holds a negative number. */
function recorder() {
  const batches: number[][] = [];
  const batcher = new Batcher<number>((items) => {
    batches.push([...items]);
    return items.some((item) => item < 0)
      ? Promise.reject(new RangeError(`refused ${items}`))
      : Promise.resolve();
  }, (error) => error instanceof RangeError);
  return { batches, batcher };
}

async function outcomes(calls: Promise<unknown>[]): Promise<string[]> {
  return (await Promise.allSettled(calls)).map((call) => call.status);
}

Deno.test("batcher makes one batch of the calls of one turn, in order", async () => {
  const { batches, batcher } = recorder();
  await Promise.all([1, 2, 3].map((item) => batcher.submit(item, never)));
  await batcher.submit(4, never);
  deepEqual(batches, [[1, 2, 3], [4]]);
});

Deno.test("batcher fails only the guilty call when a batch is refused", async () => {
  const { batches, batcher } = recorder();
  const calls = [1, -2, 3].map((item) => batcher.submit(item, never));
  deepEqual(await outcomes(calls), ["fulfilled", "rejected", "fulfilled"]);
  deepEqual(batches, [[1, -2, 3], [1], [-2], [3]]);
});

Deno.test("batcher fails all calls at once when the error is shared", async () => {
  let runs = 0;
  const batcher = new Batcher<number>(() => {
    runs++;
    return Promise.reject(new Error("gone"));
  }, () => false);
  deepEqual(await outcomes([batcher.submit(1, never), batcher.submit(2, never)]), [
    "rejected",
    "rejected",
  ]);
  equal(runs, 1);
});

Deno.test("batcher runs exclusive work alone and in its turn", async () => {
  const { batches, batcher } = recorder();
  const calls = [batcher.submit(1, never), batcher.submit(2, never)];
  const alone = batcher.exclusive(() => Promise.resolve(batches.length), never);
  calls.push(batcher.submit(3, never));
  equal(await alone, 1);
  await Promise.all(calls);
  deepEqual(batches, [[1, 2], [3]]);
});

Deno.test("batcher withdraws an aborted call that is not under way", async () => {
  const { batches, batcher } = recorder();
  const controller = new AbortController();
  const calls = [batcher.submit(1, never), batcher.submit(2, controller.signal)];
  controller.abort();
  deepEqual(await outcomes(calls), ["fulfilled", "rejected"]);
  deepEqual(await outcomes([batcher.submit(5, controller.signal)]), ["rejected"]);
  deepEqual(batches, [[1]]);
});

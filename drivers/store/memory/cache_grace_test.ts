/** How long a cache waits for its watch before it lists everything. */
import assert from "node:assert/strict";
import { put } from "../../../mod/state/plan.ts";
import type { Timing } from "../../../mod/state/timing.ts";
import { hurriedTiming, withCache } from "../testing.ts";
import { MemoryStore } from "./memory_store.ts";

for (const { records, grace } of [{ records: 100, grace: 51 }, { records: 10_000, grace: 150 }]) {
  Deno.test(`Cache of ${records} records waits ${grace} ms for its watch before it lists them`, async () => {
    const store = new MemoryStore();
    for (let at = 0; at < records; at += 100) {
      const some = Array.from({ length: 100 }, (_, i) => put(`/contiv.io/a/${at + i}`, 1));
      await store.transact([], some);
    }
    const waits: number[] = [];
    const timing: Timing = {
      random: hurriedTiming.random,
      delay: (milliseconds, signal) => {
        waits.push(milliseconds);
        return hurriedTiming.delay(milliseconds, signal);
      },
    };
    await withCache(store, async (cache, signal) => {
      const { revision } = await store.transact([], [put("/beside/a", 1)]);
      await cache.waitFor(revision, signal);
      // 5 s: for how long a watch must hold to count as one that held.
      assert.equal(waits.find((it) => it < 5_000), grace);
    }, { timing });
  });
}

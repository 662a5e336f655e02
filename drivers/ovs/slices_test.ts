import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import type { Flow } from "../../mod/pipeline/flow.ts";
import { changeSteps, reconcileSteps } from "./flow_commands.ts";
import { flowCookie } from "./flow_cookie.ts";
import { atOnce, forEachStep, inSlices, SLICE } from "./slices.ts";

const never = new AbortController().signal;

/** Items that were worked on in each turn of the event loop. */
async function turnsOf(count: number): Promise<{ turns: number[]; seen: number[] }> {
  const turns = [0];
  const seen: number[] = [];
  let over = false;
  const counting = (async () => {
    for (; !over; turns.push(0)) await setImmediate();
  })();
  await inSlices(forEachStep(Array.from({ length: count }).keys(), (index) => {
    seen.push(index);
    turns.push((turns.pop() ?? 0) + 1);
  }));
  over = true;
  await counting;
  return { turns, seen };
}

Deno.test("slices are as long as they may be at most, and in order", async () => {
  for (const count of [0, 1, SLICE, 10 * SLICE + 1]) {
    const { turns, seen } = await turnsOf(count);
    deepEqual(seen, [...Array.from({ length: count }).keys()]);
    ok(Math.max(...turns) <= SLICE, `${turns}`);
  }
});

Deno.test("slices end when they are aborted, with the reason", async () => {
  const abort = new AbortController();
  let seen = 0;
  const work = inSlices(
    forEachStep(Array.from({ length: 10 * SLICE }), () => {
      if (++seen === 3 * SLICE) abort.abort(new Error("enough"));
    }),
    abort.signal,
  );
  await rejects(work, /enough/);
  equal(seen, 3 * SLICE);
  equal(await inSlices(forEachStep([1], () => {}), never), undefined);
});

Deno.test("changes and comparisons look at one flow in each step", () => {
  const place = fc.record({ index: fc.nat(30), goto: fc.integer({ min: 5, max: 7 }) });
  const many = fc.array(place, { maxLength: 60 });
  fc.assert(fc.property(many, many, many, (a, b, c) => {
    const touched = new Set<string>();
    const flows = (places: typeof a) =>
      places.map(({ index, goto }, at): Flow => ({
        table: 1,
        get priority() {
          touched.add(`${at}`);
          return index;
        },
        match: ["ip"],
        actions: [`goto_table:${goto}`],
      }));
    const installed = b.map(({ index, goto }) => ({
      table: 1,
      cookie: flowCookie({
        table: 1,
        priority: index,
        match: ["ip"],
        actions: [`goto_table:${goto}`],
      }),
    }));
    for (
      const work of [
        changeSteps({ add: flows(a), remove: flows(c) }),
        reconcileSteps(flows(a), installed),
      ]
    ) {
      for (;;) {
        touched.clear();
        const { done } = work.next();
        ok(touched.size <= 1, `${touched.size} flows in a step`);
        if (done) break;
      }
    }
  }));
});

Deno.test("work at once gives what work in slices gives", async () => {
  const flows = Array.from({ length: 2 * SLICE }, (_, index): Flow => {
    return { table: 1, priority: index, match: [], actions: [] };
  });
  const change = { add: flows, remove: flows.slice(7) };
  deepEqual(await inSlices(changeSteps(change)), atOnce(changeSteps(change)));
});

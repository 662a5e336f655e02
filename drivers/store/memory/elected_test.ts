import assert from "node:assert/strict";
import { type Candidacy, type Mandate, runElected } from "../../../mod/state/elected.ts";
import { put } from "../../../mod/state/plan.ts";
import type { Snapshot } from "../../../mod/state/snapshot.ts";
import type { Store } from "../../../mod/state/store.ts";
import { transact } from "../../../mod/state/transact.ts";
import { realTiming, withCache } from "../testing.ts";
import { FaultyStore } from "./faulty_store.ts";
import { MemoryStore } from "./memory_store.ts";

const KEY = "/contiv.io/lock/work";

const write = (value: number) => (_: Snapshot) => ({
  compares: [],
  operations: [put("/contiv.io/a", value)],
  result: undefined,
});

/** Work that goes on until its mandate ends; `begun` is called each time. */
const lasting = (begun: (mandate: Mandate) => void) => (mandate: Mandate): Promise<void> => {
  begun(mandate);
  return new Promise((resolve) => {
    if (mandate.signal.aborted) resolve();
    mandate.signal.addEventListener("abort", () => resolve(), { once: true });
  });
};

async function two(
  stores: readonly [Store, Store],
  test: (first: Omit<Candidacy, "value">, second: Omit<Candidacy, "value">) => Promise<void>,
  ttl = 5_000,
): Promise<void> {
  await withCache(stores[0], (one) =>
    withCache(stores[1], (other) =>
      test(
        { store: stores[0], cache: one, name: "work", ttl },
        { store: stores[1], cache: other, name: "work", ttl },
      )));
}

Deno.test("runElected lets one work at a time, and the other when the first is told to stop", async () => {
  const store = new MemoryStore();
  await two([store, store], async (one, other) => {
    const [stopOne, stopOther] = [new AbortController(), new AbortController()];
    const working: string[] = [];
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const first = runElected(
      { ...one, value: "1" },
      lasting(() => (working.push("1"), begin())),
      stopOne.signal,
    );
    await begun;
    const { promise: next, resolve: goOn } = Promise.withResolvers<void>();
    const second = runElected(
      { ...other, value: "2" },
      lasting(() => (working.push("2"), goOn())),
      stopOther.signal,
    );
    assert.equal((await store.get(KEY))?.value, "1");
    stopOne.abort();
    await first;
    await next;
    assert.deepEqual(working, ["1", "2"]);
    assert.equal((await store.get(KEY))?.value, "2");
    stopOther.abort();
    await second;
    assert.equal(await store.get(KEY), undefined);
  });
});

Deno.test("a fenced decision is committed while the lock is held, and refused afterwards whoever holds it then", async () => {
  const inner = new MemoryStore();
  let away = false;
  const store = new FaultyStore(inner, () => away ? { lose: "request" } : undefined);
  await two([store, inner], async (one, other) => {
    const stop = new AbortController();
    const mandates: Mandate[] = [];
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const first = runElected(
      { ...one, value: "1" },
      lasting((mandate) => (mandates.push(mandate), begin())),
      stop.signal,
    );
    await begun;
    const [mandate] = mandates;
    assert.ok(mandate);
    await transact(one.store, one.cache, mandate.fenced(write(1)), {
      signal: AbortSignal.timeout(1_000),
    });
    away = true;
    store.disconnectWatches();
    const { promise: next, resolve: goOn } = Promise.withResolvers<void>();
    const second = runElected({ ...other, value: "2" }, lasting(() => goOn()), stop.signal);
    await next;
    assert.equal(mandate.signal.aborted, true, "the first knew before the second began");
    away = false;
    const late = transact(one.store, one.cache, mandate.fenced(write(2)), {
      signal: AbortSignal.timeout(5_000),
    });
    await assert.rejects(late, { code: "not-leader" });
    assert.equal((await inner.get("/contiv.io/a"))?.value, "1");
    stop.abort();
    await Promise.all([first, second]);
  }, 2_000);
});

Deno.test("runElected goes on after the store was away, and rejects with what the work rejects with", async () => {
  const store = new MemoryStore();
  await two([store, store], async (one) => {
    const failing = runElected(
      { ...one, value: "1" },
      () => Promise.reject(new TypeError("a fault of ours")),
      new AbortController().signal,
    );
    await assert.rejects(failing, /a fault of ours/);
    assert.equal(await store.get(KEY), undefined, "the lock is given back");
    const stop = new AbortController();
    let times = 0;
    const { promise: again, resolve } = Promise.withResolvers<void>();
    const work = lasting(() => void (++times === 2 && resolve()));
    const running = runElected({ ...one, value: "1" }, work, stop.signal);
    while (times === 0) await realTiming.delay(1, stop.signal);
    const lease = (await store.get(KEY))?.lease;
    assert.ok(lease);
    await store.revokeLease(lease);
    await again;
    stop.abort();
    await running;
  });
});

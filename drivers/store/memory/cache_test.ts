import assert from "node:assert/strict";
import fc from "fast-check";
import { Cache, type CacheStatus, type Change } from "../../../mod/state/cache.ts";
import { put, remove } from "../../../mod/state/plan.ts";
import type { Operation } from "../../../mod/state/store.ts";
import type { Timing } from "../../../mod/state/timing.ts";
import { Tree } from "../../../mod/state/tree.ts";
import { hurriedTiming, realTiming, seeded, withCache } from "../testing.ts";
import { FaultyStore } from "./faulty_store.ts";
import { MemoryStore } from "./memory_store.ts";

const key = (name: string) => `/contiv.io/state/eps/${name}`;

Deno.test("Cache follows writes, and a snapshot once taken stays", async () => {
  const store = new MemoryStore();
  await store.transact([], [put(key("a"), 1)]);
  await withCache(store, async (cache, signal) => {
    assert.equal(cache.synced, true);
    const before = cache.snapshot();
    const { revision } = await store.transact([], [put(key("b"), 2), remove(key("a"))]);
    await cache.waitFor(revision, signal);
    assert.deepEqual(before.list("/").map((item) => item.key), [key("a")]);
    assert.deepEqual(cache.snapshot().list("/").map((item) => item.key), [key("b")]);
  });
});

Deno.test("Cache reports the difference in one change and keeps unchanged records when history was compacted", async () => {
  const inner = new MemoryStore();
  const names = ["kept", "changed", "deleted"];
  await inner.transact([], names.map((name) => put(key(name), 1)));
  const gate = Promise.withResolvers<void>();
  let away = false;
  const store = new FaultyStore(inner, () => away ? { delay: gate.promise } : undefined);
  await withCache(store, async (cache, signal) => {
    const kept = cache.snapshot().get(key("kept"));
    const changes: Change[] = [];
    cache.subscribe((change) => changes.push(change), signal);
    away = true;
    store.disconnectWatches();
    await inner.transact([], [put(key("changed"), 2), remove(key("deleted"))]);
    const { revision } = await inner.transact([], [put(key("new"), 1)]);
    await inner.compact(revision);
    away = false;
    gate.resolve();
    await cache.waitFor(revision, signal);
    assert.equal(changes.length, 1);
    assert.deepEqual(changes[0]?.keys.toSorted(), ["changed", "deleted", "new"].map(key));
    assert.equal(changes[0]?.snapshot, cache.snapshot());
    assert.equal(cache.snapshot().get(key("kept")), kept);
  }, { timing: hurriedTiming });
});

Deno.test("Cache says that it is disconnected, why and since when, until the store is back", async () => {
  const inner = new MemoryStore();
  let down = false;
  const store = new FaultyStore(inner, () => down ? { lose: "request" } : undefined);
  await withCache(store, async (cache, signal) => {
    down = true;
    store.disconnectWatches();
    while (cache.synced) await realTiming.delay(1, signal);
    const status = cache.status;
    assert.ok(status.state === "disconnected" && status.reason.includes("connection was lost"));
    down = false;
    await cache.whenSynced(signal);
    assert.deepEqual(cache.status, { state: "synced" });
  }, { timing: hurriedTiming });
});

Deno.test("Cache gets to a revision that was written beside its prefix", async () => {
  const store = new MemoryStore();
  await withCache(store, async (cache, signal) => {
    const { revision } = await store.transact([], [put("/elsewhere", 1)]);
    await cache.waitFor(revision, signal);
    assert.ok(cache.revision >= revision);
  });
});

Deno.test("Cache rejects waiters when their signal aborts", async () => {
  await withCache(new MemoryStore(), async (cache) => {
    const abort = new AbortController();
    const waiting = cache.waitFor(1_000_000, abort.signal);
    abort.abort();
    await assert.rejects(waiting, { name: "AbortError" });
  });
});

Deno.test("Cache converges, and its changes add up to it, under random faults", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = seeded(seed);
      const inner = new MemoryStore();
      let faulty = false;
      const store: FaultyStore = new FaultyStore(inner, () => {
        return faulty && random() < 0.3 ? { lose: "reply" } : undefined;
      });
      await withCache(store, async (cache, signal) => {
        let sum = Tree.EMPTY;
        let last = cache.revision;
        cache.subscribe((change) => {
          assert.ok(change.revision > last);
          last = change.revision;
          sum = sum.with(change.events);
        }, signal);
        faulty = true;
        for (let i = 0; i < 40; i++) {
          const { revision } = await inner.transact([], [randomOperation(random)]);
          if (random() < 0.1) await inner.compact(revision);
          if (random() < 0.2) store.disconnectWatches();
          if (random() < 0.2) await realTiming.delay(0, signal);
        }
        faulty = false;
        await cache.refresh(signal);
        const { items } = await inner.list("");
        assert.deepEqual(cache.snapshot().list(""), items);
        assert.deepEqual(sum.list(""), items);
      }, { timing: { ...hurriedTiming, random } });
    }),
    { numRuns: 40 },
  );
});

function randomOperation(random: () => number): Operation {
  const name = key(String(Math.floor(random() * 8)));
  return random() < 0.3 ? remove(name) : put(name, random());
}

Deno.test("Cache tells once that the store went and once that it came, not of every try", async () => {
  const inner = new MemoryStore();
  let down = true;
  let tries = 0;
  const store = new FaultyStore(inner, () => {
    if (down) tries++;
    return down ? { lose: "request" } : undefined;
  });
  const stop = new AbortController();
  const told: CacheStatus["state"][] = [];
  const cache = Cache.open(store, {
    signal: stop.signal,
    random: Math.random,
    delay: (_, signal) => realTiming.delay(1, signal),
    statusChanged: (status) => told.push(status.state),
  });
  for (const expected of [["disconnected", "synced"], ["disconnected", "synced"]]) {
    told.length = 0;
    tries = 0;
    down = true;
    while (tries < 5) {
      store.disconnectWatches();
      await realTiming.delay(1, stop.signal);
    }
    down = false;
    await cache.whenSynced(stop.signal);
    while (!told.includes("synced")) await realTiming.delay(1, stop.signal);
    assert.deepEqual(told, expected);
  }
  stop.abort();
});

Deno.test("Cache never goes back to a list that was on its way while a waiter's own list came further", async () => {
  const inner = new MemoryStore();
  const held = Promise.withResolvers<void>();
  let relists = 0;
  const store = new FaultyStore(inner, (call) => {
    return call === "list" && relists++ === 1 ? { late: held.promise } : undefined;
  });
  await withCache(store, async (cache, signal) => {
    store.disconnectWatches();
    while (relists < 2) await realTiming.delay(0, signal);
    const { revision } = await inner.transact([], [put(key("a"), 1)]);
    await cache.waitFor(revision, signal);
    held.resolve();
    await cache.whenSynced(signal);
    assert.ok(cache.revision >= revision, `${cache.revision} after ${revision}`);
    const next = await inner.transact([], [put(key("b"), 1)]);
    await cache.waitFor(next.revision, signal);
    assert.deepEqual(cache.snapshot().list("").map((item) => item.key), [key("a"), key("b")]);
  }, { timing: hurriedTiming });
});

Deno.test("Cache follows a store that was put back to an earlier state", async () => {
  const [first, restored] = [new MemoryStore(), new MemoryStore()];
  for (let i = 0; i < 9; i++) await first.transact([], [put(key("a"), i)]);
  const { revision } = await restored.transact([], [put(key("b"), 1)]);
  let store: FaultyStore = new FaultyStore(first);
  const moving = new Proxy(store, {
    get: (_, name) => {
      const member: unknown = Reflect.get(store, name, store);
      return typeof member === "function" ? member.bind(store) : member;
    },
  });
  await withCache(moving, async (cache, signal) => {
    await realTiming.delay(0, signal);
    const before = store;
    store = new FaultyStore(restored);
    before.disconnectWatches();
    while (cache.revision > revision) await realTiming.delay(0, signal);
    assert.deepEqual(cache.snapshot().list("").map((item) => item.key), [key("b")]);
  }, { timing: hurriedTiming });
});

Deno.test("Cache tries again soon when a watch that held is lost, however long the store was away before", async () => {
  const inner = new MemoryStore();
  let down = false;
  const store = new FaultyStore(inner, () => down ? { lose: "request" } : undefined);
  const pauses: number[] = [];
  const random = () => 1;
  const delay: Timing["delay"] = (milliseconds, signal) => {
    pauses.push(milliseconds);
    return hurriedTiming.delay(milliseconds, signal);
  };
  await withCache(store, async (cache, signal) => {
    down = true;
    store.disconnectWatches();
    while (Math.max(...pauses) < 5_000) await realTiming.delay(0, signal);
    down = false;
    await cache.whenSynced(signal);
    await realTiming.delay(5, signal);
    pauses.length = 0;
    store.disconnectWatches();
    await cache.refresh(signal);
    while (pauses.length === 0) await realTiming.delay(0, signal);
    assert.equal(pauses[0], 50);
  }, { timing: { random, delay } });
});

Deno.test("Cache tells every listener of a change when one of them throws, and reports the error", async () => {
  const store = new MemoryStore();
  const failed: unknown[] = [];
  const stop = new AbortController();
  const options = { ...realTiming, signal: stop.signal, failed: (it: unknown) => failed.push(it) };
  const cache = await Cache.start(store, options);
  const heard: string[] = [];
  const error = new TypeError("not mine");
  cache.subscribe(() => {
    throw error;
  }, stop.signal);
  cache.subscribe(({ keys }) => heard.push(...keys), stop.signal);
  for (const name of ["a", "b"]) {
    const { revision } = await store.transact([], [put(key(name), 1)]);
    await cache.waitFor(revision, stop.signal);
  }
  assert.deepEqual(heard, [key("a"), key("b")]);
  assert.deepEqual(failed, [error, error]);
  assert.equal(cache.synced, true);
  stop.abort();
  await realTiming.delay(0, new AbortController().signal);
});

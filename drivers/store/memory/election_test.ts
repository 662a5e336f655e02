import assert from "node:assert/strict";
import { campaign } from "../../../mod/state/election.ts";
import { keepLease } from "../../../mod/state/leases.ts";
import { put } from "../../../mod/state/plan.ts";
import type { Timing } from "../../../mod/state/timing.ts";
import { realTiming, withCache } from "../testing.ts";
import { type Clock, ManualClock } from "./clock.ts";
import { FaultyStore } from "./faulty_store.ts";
import { MemoryStore } from "./memory_store.ts";

const LOCK = "/contiv.io/lock/sweeper";
const TTL = 3_000;

/** Delays that pass when the clock is advanced. */
const clocked = (clock: Clock): Timing => ({
  random: Math.random,
  delay: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const cancel = clock.after(milliseconds, resolve);
      signal.addEventListener("abort", () => (cancel(), resolve()), { once: true });
    }),
});

/** Lets all that is ready to run do so. */
const settle = () => realTiming.delay(0, new AbortController().signal);

async function pass(clock: ManualClock, milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 100) {
    clock.advance(100);
    await settle();
  }
}

Deno.test("keepLease holds the lease far beyond its time, and releases it", async () => {
  const clock = new ManualClock();
  const store = new MemoryStore(clock);
  const lease = await keepLease(store, TTL, new AbortController().signal, clocked(clock));
  await store.transact([], [{ type: "put", key: "/a", value: "1", lease: lease.id }]);
  await pass(clock, 5 * TTL);
  assert.ok(await store.get("/a"));
  assert.equal(lease.lost.aborted, false);
  await lease.release();
  assert.equal(await store.get("/a"), undefined);
  assert.equal(lease.lost.aborted, false);
});

Deno.test("keepLease says that the lease is lost before another can have it when the store is away", async () => {
  const clock = new ManualClock();
  let away = false;
  const inner = new MemoryStore(clock);
  const store = new FaultyStore(inner, () => away ? { lose: "request" } : undefined);
  const lease = await keepLease(store, TTL, new AbortController().signal, clocked(clock));
  await inner.transact([], [{ type: "put", key: "/a", value: "1", lease: lease.id }]);
  let heldWhenLost: unknown;
  lease.lost.addEventListener("abort", async () => heldWhenLost = await inner.get("/a"));
  await pass(clock, TTL);
  away = true;
  await pass(clock, 2 * TTL);
  assert.equal(lease.lost.aborted, true);
  assert.ok(heldWhenLost, "the lease was still in the store");
});

Deno.test("keepLease says that the lease is lost when somebody revokes it", async () => {
  const clock = new ManualClock();
  const store = new MemoryStore(clock);
  const lease = await keepLease(store, TTL, new AbortController().signal, clocked(clock));
  await store.revokeLease(lease.id);
  await pass(clock, TTL / 2);
  assert.match(String(lease.lost.reason), /does not know it/);
});

Deno.test("campaign lets the next one lead when the leader resigns, and fences the old one", async () => {
  const store = new MemoryStore();
  await withCache(store, async (cache, signal) => {
    const first = await campaign(store, cache, LOCK, "first", TTL, signal);
    let second: unknown;
    const waiting = campaign(store, cache, LOCK, "second", TTL, signal).then((won) => second = won);
    await settle();
    assert.equal(second, undefined);
    assert.ok((await store.transact([first.fence], [put("/contiv.io/a", 1)])).succeeded);
    await first.resign();
    await waiting;
    assert.equal((await store.get(LOCK))?.value, "second");
    assert.equal((await store.transact([first.fence], [put("/contiv.io/a", 2)])).succeeded, false);
  });
});

Deno.test("campaign ends when its signal aborts while another leads", async () => {
  const store = new MemoryStore();
  await store.transact([], [put(LOCK, "somebody")]);
  await withCache(store, async (cache) => {
    const abort = new AbortController();
    const waiting = campaign(store, cache, LOCK, "me", TTL, abort.signal);
    await settle();
    abort.abort();
    await assert.rejects(waiting, { name: "AbortError" });
  });
});

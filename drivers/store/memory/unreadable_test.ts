/** What a record that a hand has broken does to those who read the store: as little as can be. */
import assert from "node:assert/strict";
import { Cache, type Change } from "../../../mod/state/cache.ts";
import { StateError } from "../../../mod/state/error.ts";
import { put } from "../../../mod/state/plan.ts";
import { decode, read } from "../../../mod/state/snapshot.ts";
import type { Operation } from "../../../mod/state/store.ts";
import { transact } from "../../../mod/state/transact.ts";
import { hurriedTiming, realTiming } from "../testing.ts";
import { FaultyStore } from "./faulty_store.ts";
import { MemoryStore } from "./memory_store.ts";

const key = (name: string) => `/contiv.io/state/eps/${name}`;
const broken = (name: string): Operation => ({ type: "put", key: key(name), value: "{" });
const about = (name: string) => (error: unknown) =>
  error instanceof StateError && error.code === "unreadable" && error.message.includes(key(name));

/** A store with a record "kept", and its cache. */
async function withBroken(
  body: (parts: {
    inner: MemoryStore;
    store: FaultyStore;
    cache: Cache;
    failed: unknown[];
    signal: AbortSignal;
    write: (...operations: Operation[]) => Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  const inner = new MemoryStore();
  const store = new FaultyStore(inner);
  const stop = new AbortController();
  const { signal } = stop;
  await inner.transact([], [put(key("kept"), 1)]);
  const failed: unknown[] = [];
  const cache = await Cache.start(store, {
    ...hurriedTiming,
    signal,
    failed: (error) => failed.push(error),
  });
  const write = async (...operations: Operation[]) => {
    const { revision } = await inner.transact([], operations);
    await cache.waitFor(revision, signal);
  };
  try {
    await body({ inner, store, cache, failed, signal, write });
  } finally {
    stop.abort();
    await realTiming.delay(0, new AbortController().signal);
  }
}

Deno.test("a record that is no JSON stays as it was last read, and the others of its transaction are followed", () =>
  withBroken(async ({ cache, failed, signal, write }) => {
    const changes: Change[] = [];
    cache.subscribe((change) => changes.push(change), signal);
    await write(broken("kept"), broken("new"), put(key("other"), 2));
    assert.equal(read(cache.snapshot(), key("kept")), 1);
    assert.equal(read(cache.snapshot(), key("new")), undefined);
    assert.equal(read(cache.snapshot(), key("other")), 2);
    assert.deepEqual(changes.flatMap(({ keys }) => keys), [key("other")]);
    assert.equal(failed.length, 2);
    assert.ok(about("kept")(failed[0]) && about("new")(failed[1]));
    assert.deepEqual(cache.unreadable, failed);
  }));

Deno.test("a record that is no JSON is reported once, until it is mended or gone", () =>
  withBroken(async ({ store, inner, cache, failed, signal, write }) => {
    await write(broken("kept"), broken("new"), broken("newer"));
    await write(broken("kept"));
    store.disconnectWatches();
    await cache.refresh(signal);
    assert.equal(failed.length, 3);
    await write(put(key("kept"), 3), { type: "delete", key: key("new") });
    assert.equal(read(cache.snapshot(), key("kept")), 3);
    assert.deepEqual(cache.unreadable.filter(about("newer")), cache.unreadable);
    store.disconnectWatches();
    const { revision } = await inner.transact([], [{ type: "delete", key: key("newer") }]);
    await inner.compact(revision);
    await cache.refresh(signal);
    await cache.whenSynced(signal);
    assert.deepEqual(cache.unreadable, []);
  }));

Deno.test("a transaction that needs a record that is no JSON is refused with its name, and others are not", () =>
  withBroken(async ({ inner, cache, write }) => {
    await write(broken("new"));
    const create = (name: string) =>
      transact(inner, cache, () => ({
        compares: [{ key: key(name), createRevision: 0 }],
        operations: [put(key(name), 1)],
        result: name,
      }), { signal: AbortSignal.timeout(5_000), domain: "endpoints" });
    const [refused, made] = await Promise.allSettled([create("new"), create("other")]);
    assert.ok(refused.status === "rejected" && about("new")(refused.reason));
    assert.equal(made.status, "fulfilled");
  }));

Deno.test("an allocation that is no JSON stays taken, and says which it is when it is read", () =>
  withBroken(async ({ cache, failed, write }) => {
    const taken = "/contiv.io/state/alloc/vlan/7";
    await write({ type: "put", key: taken, value: "" });
    const item = cache.snapshot().get(taken);
    assert.ok(item);
    assert.throws(() => decode(item), { code: "unreadable", message: new RegExp(taken) });
    assert.deepEqual(failed, []);
  }));

import assert from "node:assert/strict";
import fc from "fast-check";
import { Cache } from "../../../mod/state/cache.ts";
import { type Plan, put, remove, unchanged } from "../../../mod/state/plan.ts";
import { read, type Snapshot } from "../../../mod/state/snapshot.ts";
import { StateError } from "../../../mod/state/error.ts";
import { StoreError } from "../../../mod/state/store.ts";
import { transact } from "../../../mod/state/transact.ts";
import { hurriedTiming, seeded, withCache } from "../testing.ts";
import { FaultyStore } from "./faulty_store.ts";
import { MemoryStore } from "./memory_store.ts";

const ADDRESSES = "/contiv.io/state/alloc/address/test/";
const addressKey = (number: number) => ADDRESSES + String(number).padStart(4, "0");

/** The lowest free number becomes the owner's. */
const allocate = (owner: string) => (snapshot: Snapshot): Plan<number> => {
  let number = 0;
  while (snapshot.get(addressKey(number))) number++;
  const key = addressKey(number);
  return { compares: [{ key, modRevision: 0 }], operations: [put(key, owner)], result: number };
};

Deno.test("transact gives every caller an address of its own when 100 ask at once in one domain", async () => {
  let commits = 0;
  const store = new FaultyStore(new MemoryStore(), (call) => {
    if (call === "transact") commits++;
    return undefined;
  });
  await withCache(store, async (cache, signal) => {
    const numbers = await Promise.all(
      Array.from(
        { length: 100 },
        (_, i) => transact(store, cache, allocate(`owner ${i}`), { signal, domain: "addresses" }),
      ),
    );
    assert.deepEqual(numbers, Array.from({ length: 100 }, (_, i) => i));
    numbers.forEach((number, i) =>
      assert.equal(read(cache.snapshot(), addressKey(number)), `owner ${i}`)
    );
  });
  assert.ok(commits <= 3, `${commits} commits`);
});

Deno.test("transact gives every caller an address of its own when two processes share the store", async () => {
  const store = new MemoryStore();
  await withCache(store, (one, signal) =>
    withCache(store, async (other) => {
      const numbers = await Promise.all(
        Array.from({ length: 60 }, (_, i) =>
          transact(store, i % 2 ? one : other, allocate(`${i}`), { signal, domain: "addresses" })),
      );
      assert.equal(new Set(numbers).size, 60);
    }));
});

Deno.test("transact throws a refusal only when a current snapshot refuses too", async () => {
  const store = new MemoryStore();
  await withCache(store, async (cache, signal) => {
    const key = "/contiv.io/obj/modeldb/network/a:b";
    const deleteIt = (snapshot: Snapshot): Plan<string> => {
      if (!snapshot.get(key)) throw new Error("no such network");
      return { compares: [], operations: [remove(key)], result: "deleted" };
    };
    await assert.rejects(transact(store, cache, deleteIt, { signal }), /no such network/);
    // Committed by another process: this cache has not seen it yet when the decision is made.
    const created = store.transact([], [put(key, {})]);
    const deleted = transact(store, cache, deleteIt, { signal });
    await created;
    assert.equal(await deleted, "deleted");
    assert.equal(await store.get(key), undefined);
  });
});

Deno.test("transact refuses one and commits the others when a domain's decisions meet", async () => {
  const store = new MemoryStore();
  await withCache(store, async (cache, signal) => {
    const options = { signal, domain: "addresses" };
    const refuse = (): Plan<number> => {
      throw new Error("no");
    };
    const results = await Promise.allSettled([
      transact(store, cache, allocate("a"), options),
      transact(store, cache, refuse, options),
      transact(store, cache, allocate("b"), options),
    ]);
    assert.deepEqual(results.map((result) => result.status), [
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
  });
});

Deno.test("transact writes nothing when the plan is empty", async () => {
  const store = new MemoryStore();
  await withCache(store, async (cache, signal) => {
    const before = cache.revision;
    assert.equal(await transact(store, cache, () => unchanged(7), { signal }), 7);
    assert.equal((await store.list("")).revision, before);
  });
});

Deno.test("transact gives up as contended when its compares never hold", async () => {
  const store = new MemoryStore();
  await withCache(store, async (cache, signal) => {
    let tries = 0;
    const hopeless = (): Plan<void> => {
      tries++;
      return {
        compares: [{ key: "/contiv.io/x", modRevision: 99 }],
        operations: [],
        result: undefined,
      };
    };
    const failed = transact(store, cache, hopeless, { signal });
    await assert.rejects(
      failed,
      (error) => error instanceof StateError && error.code === "contended",
    );
    assert.equal(tries, 50);
  });
});

Deno.test("transact passes an unknown outcome on, and neither loses nor duplicates, under random faults", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = seeded(seed);
      const inner = new MemoryStore();
      let faulty = true;
      const store: FaultyStore = new FaultyStore(inner, () => {
        if (!faulty) return undefined;
        if (random() < 0.05) store.disconnectWatches();
        if (random() < 0.1) return { lose: "request" };
        return random() < 0.1 ? { lose: "reply" } : undefined;
      });
      await withCache(store, async (cache, signal) => {
        const results = await Promise.allSettled(
          Array.from({ length: 30 }, (_, i) => {
            const domain = i % 3 ? `domain ${i % 3}` : undefined;
            return transact(store, cache, allocate(`${i}`), { signal, ...(domain && { domain }) });
          }),
        );
        faulty = false;
        const owners = (await inner.list(ADDRESSES)).items.map((item) => JSON.parse(item.value));
        assert.equal(new Set(owners).size, owners.length, "nobody got two");
        results.forEach((result, i) => {
          if (result.status === "fulfilled") assert.equal(owners[result.value], `${i}`);
          else {assert.ok(
              result.reason instanceof StoreError && result.reason.code === "unavailable",
            );}
        });
        await cache.refresh(signal);
        assert.deepEqual(cache.snapshot().list(""), (await inner.list("")).items);
      }, { timing: { ...hurriedTiming, random } });
    }),
    { numRuns: 40 },
  );
});

Deno.test("transact says timeout, as a store would, when the process stops while it makes sure of a refusal", async () => {
  const inner = new MemoryStore();
  const calls: string[] = [];
  const never = new Promise<void>(() => {});
  // The cache lists once, the refusal asks once for the revision; what would bring the cache there never comes.
  const store = new FaultyStore(inner, (call) => {
    calls.push(call);
    const late = call === "watch" || calls.filter((each) => each === "list").length > 2;
    return late ? { delay: never } : undefined;
  });
  const process = new AbortController();
  const { signal } = process;
  const cache = await Cache.start(store, { ...hurriedTiming, signal });
  await inner.transact([], [put(addressKey(1), "other")]);
  const refused = transact(store, cache, () => {
    throw new Error("no");
  }, { signal: new AbortController().signal });
  while (calls.filter((call) => call === "list").length < 3) await hurriedTiming.delay(0, signal);
  process.abort();
  await assert.rejects(refused, { name: "StoreError", code: "timeout" });
});

Deno.test("transact tells each decision that is about to be committed, before the store is asked", async () => {
  const log: string[] = [];
  const store = new FaultyStore(new MemoryStore(), (call) => {
    if (call === "transact") log.push(call);
    return undefined;
  });
  await withCache(store, async (cache, signal) => {
    const options = (name: string) => ({
      signal,
      domain: "addresses",
      decided: (number: number) => void log.push(`${name} ${number}`),
    });
    await Promise.all([
      transact(store, cache, allocate("a"), options("a")),
      transact(store, cache, allocate("b"), options("b")),
    ]);
    assert.deepEqual(log, ["a 0", "b 1", "transact"]);
  });
});

Deno.test("transact tells the next decision after others wrote first", async () => {
  const inner = new MemoryStore();
  const decided: number[] = [];
  const store = new FaultyStore(inner);
  await withCache(store, async (cache, signal) => {
    // This cache has not seen it yet when the decision is made.
    const other = inner.transact([], [put(addressKey(0), "other")]);
    const options = { signal, decided: (number: number) => void decided.push(number) };
    assert.equal(await transact(store, cache, allocate("a"), options), 1);
    await other;
    assert.deepEqual(decided, [0, 1]);
  });
});

Deno.test("transact tells nothing of a decision that is refused, and the empty one that writes nothing", async () => {
  const store = new MemoryStore();
  await withCache(store, async (cache, signal) => {
    const decided: number[] = [];
    const options = { signal, decided: (number: number) => void decided.push(number) };
    const refuse = (): Plan<number> => {
      throw new Error("no");
    };
    await assert.rejects(transact(store, cache, refuse, options), /no/);
    assert.deepEqual(decided, []);
    await transact(store, cache, () => unchanged(7), options);
    assert.deepEqual(decided, [7]);
  });
});

Deno.test("transact tells nobody who has given up of a decision", async () => {
  const inner = new MemoryStore();
  const first = Promise.withResolvers<void>();
  let held = true;
  const lists = Promise.withResolvers<void>();
  const store = new FaultyStore(inner, (call) => {
    if (call !== "list" || !held) return undefined;
    lists.resolve();
    return { delay: first.promise };
  });
  held = false;
  await withCache(store, async (cache) => {
    held = true;
    const caller = new AbortController();
    const decided: number[] = [];
    let refusals = 1;
    const decide = (): Plan<number> => {
      if (refusals-- > 0) throw new Error("no");
      return { compares: [], operations: [put(addressKey(0), "a")], result: 0 };
    };
    const options = {
      signal: caller.signal,
      domain: "addresses",
      decided: (number: number) => void decided.push(number),
    };
    const given = transact(store, cache, decide, options);
    // The refusal is being made sure of.
    await lists.promise;
    caller.abort();
    await assert.rejects(given, { name: "StoreError", code: "timeout" });
    held = false;
    first.resolve();
    // One that asks after it is decided after it.
    await transact(store, cache, () => unchanged(0), {
      signal: new AbortController().signal,
      domain: "addresses",
    });
    assert.deepEqual(decided, []);
  });
});

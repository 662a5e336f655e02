/**
 * What a Store must do, whichever it is. Assumes the interface only: a shared server, any first revision, other writers.
 * @module
 */
import assert from "node:assert/strict";
import { compareKeys } from "../../mod/state/key_order.ts";
import {
  type Compare,
  type KeyValue,
  type Operation,
  type Revision,
  type Store,
  StoreError,
  type StoreErrorCode,
  type WatchBatch,
} from "../../mod/state/store.ts";

/** Opens a store (a new connection to the same server will do); closed after each test. */
export type MakeStore = () => Promise<Store>;

interface Context {
  readonly store: Store;
  /** Ends in `/`; nobody else writes under it. */
  readonly root: string;
}

const PATIENCE_MS = 20_000;

const put = (key: string, value: string, lease?: string): Operation => ({
  type: "put",
  key,
  value,
  ...(lease !== undefined && { lease }),
});
const remove = (key: string): Operation => ({ type: "delete", key });

/** Registers the suite with Deno.test, each test named after the store. */
export function storeConformance(name: string, makeStore: MakeStore): void {
  for (const [title, body] of [...records, ...compares, ...watches, ...leases, ...misuse]) {
    Deno.test(`${name} store ${title}`, async () => {
      const store = await makeStore();
      const root = `/contiv.io/conformance/${crypto.randomUUID()}/`;
      const { promise: tooLate, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => reject(new Error("it took too long")), PATIENCE_MS);
      try {
        await Promise.race([body({ store, root }), tooLate]);
      } finally {
        clearTimeout(timer);
        await store.close();
      }
    });
  }
}

type Case = readonly [title: string, body: (context: Context) => Promise<void>];

const records: Case[] = [
  ["counts revisions and versions of a key", async ({ store, root }) => {
    const key = root + "a";
    assert.equal(await store.get(key), undefined);
    const first = await store.transact([], [put(key, "1")]);
    const second = await store.transact([], [put(key, "2")]);
    assert.ok(first.succeeded && second.succeeded && second.revision > first.revision);
    assert.deepEqual(await store.get(key), {
      key,
      value: "2",
      createRevision: first.revision,
      modRevision: second.revision,
      version: 2,
    });
    await store.transact([], [remove(key)]);
    assert.equal(await store.get(key), undefined);
    const { revision } = await store.transact([], [put(key, "3")]);
    const anew = await store.get(key);
    assert.deepEqual([anew?.createRevision, anew?.version], [revision, 1]);
  }],
  ["writes all operations of a transaction in one revision", async ({ store, root }) => {
    const { revision } = await store.transact([], [put(root + "b", "1"), put(root + "a", "1")]);
    const { items } = await store.list(root);
    assert.deepEqual(items.map((item) => [item.key, item.modRevision]), [
      [root + "a", revision],
      [root + "b", revision],
    ]);
  }],
  ["makes no revision when only absent keys are deleted", async ({ store, root }) => {
    const before = await store.transact([], [put(root + "a", "1")]);
    const batches = collect(store, root, before.revision);
    const deleted = await store.transact([], [remove(root + "none")]);
    assert.equal(deleted.succeeded, true);
    await store.transact([], [put(root + "b", "1"), remove(root + "none")]);
    const seen = await batches.take(2);
    assert.deepEqual(seen.flatMap((batch) => batch.events.map((event) => event.type)), [
      "put",
      "put",
    ]);
  }],
  ["lists exactly the prefix, sorted bytewise", async ({ store, root }) => {
    const names = [
      "a",
      "a/b",
      "a/c",
      "a-",
      "ab",
      "b",
      "é",
      "Z",
      "\u{ffff}",
      "\u{10000}",
      "😀",
      "a b",
    ];
    await store.transact([], names.map((name) => put(root + name, name)));
    const sorted = names.toSorted(compareKeys);
    const listed = async (prefix: string) =>
      (await store.list(root + prefix)).items.map((i) => i.value);
    assert.deepEqual(await listed(""), sorted);
    assert.deepEqual(await listed("a"), sorted.filter((each) => each.startsWith("a")));
    assert.deepEqual(await listed("a/"), ["a/b", "a/c"]);
    assert.deepEqual(await listed("none"), []);
  }],
  ["keeps large and unusual values", async ({ store, root }) => {
    const values = ["x".repeat(1024 * 1024), "", '"\n\t\u{1}\u{7f}é😀', "é".repeat(512 * 1024)];
    for (const [i, value] of values.entries()) {
      await store.transact([], [put(root + i, value)]);
      assert.ok((await store.get(root + i))?.value === value);
    }
  }],
  ["lists at a revision that a watch continues without gap", async ({ store, root }) => {
    const writer = (async () => {
      for (let i = 0; i < 60; i++) await store.transact([], [put(root + i % 7, String(i))]);
    })();
    const state = new Map<string, string>();
    await store.transact([], [put(root + "start", "x")]);
    const { items, revision } = await store.list(root);
    for (const item of items) state.set(item.key, item.value);
    const batches = collect(store, root, revision + 1);
    await writer;
    await store.transact([], [put(root + "end", "x")]);
    for (let batch = await batches.next(); batch; batch = await batches.next()) {
      for (const event of batch.events) {
        if (event.type === "put") state.set(event.item.key, event.item.value);
      }
      if (state.has(root + "end")) break;
    }
    await batches.end();
    const final = (await store.list(root)).items;
    assert.deepEqual(
      [...state].sort(([a], [b]) => compareKeys(a, b)),
      final.map((i) => [i.key, i.value]),
    );
  }],
];

const compares: Case[] = [
  ["checks every kind of compare, and writes nothing when one fails", async ({ store, root }) => {
    const key = root + "p/k", none = root + "q/none";
    const created = (await store.transact([], [put(key, "1")])).revision;
    const modified = (await store.transact([], [put(key, "2")])).revision;
    const cases: [Compare, boolean][] = [
      [{ key, modRevision: modified }, true],
      [{ key, modRevision: created }, false],
      [{ key, modRevision: 0 }, false],
      [{ key: none, modRevision: 0 }, true],
      [{ key: none, modRevision: modified }, false],
      [{ key, createRevision: created }, true],
      [{ key, createRevision: modified }, false],
      [{ key: none, createRevision: 0 }, true],
      [{ key, createRevision: 0 }, false],
      [{ key, value: "2" }, true],
      [{ key, value: "1" }, false],
      [{ key: none, value: "" }, false],
      [{ prefix: root + "p/", unchangedSince: modified }, true],
      [{ prefix: root + "p/", unchangedSince: modified - 1 }, false],
      [{ prefix: root + "p/", unchangedSince: 0 }, false],
      [{ prefix: root + "q/", unchangedSince: 0 }, true],
      [{ prefix: root + "q/", unchangedSince: created }, true],
    ];
    for (const [compare, expected] of cases) {
      const name = `${root}result/${JSON.stringify(compare).slice(-60)}`;
      const holding: Compare = { key, modRevision: modified };
      const { succeeded } = await store.transact([holding, compare], [put(name, "x")]);
      assert.equal(succeeded, expected, JSON.stringify(compare));
      assert.equal(await store.get(name) !== undefined, expected);
    }
  }],
  ["does not see deletions in unchangedSince, as etcd", async ({ store, root }) => {
    await store.transact([], [put(root + "a", "1"), put(root + "b", "1")]);
    const { revision } = await store.list(root);
    await store.transact([], [remove(root + "a")]);
    const compare = { prefix: root, unchangedSince: revision };
    assert.equal((await store.transact([compare], [])).succeeded, true);
    await store.transact([], [put(root + "c", "1")]);
    assert.equal((await store.transact([compare], [])).succeeded, false);
  }],
  [
    "returns a revision that includes the write that made a compare fail",
    async ({ store, root }) => {
      const written = await store.transact([], [put(root + "a", "1")]);
      const failed = await store.transact([{ key: root + "a", modRevision: 0 }], [
        put(root + "a", "2"),
      ]);
      assert.equal(failed.succeeded, false);
      assert.ok(failed.revision >= written.revision);
      assert.equal((await store.get(root + "a"))?.value, "1");
    },
  ],
  ["counts without a loss when many writers compare and set", async ({ store, root }) => {
    const key = root + "counter";
    const increment = async () => {
      while (true) {
        const item = await store.get(key);
        const next = String(Number(item?.value ?? 0) + 1);
        const compare = { key, modRevision: item?.modRevision ?? 0 };
        if ((await store.transact([compare], [put(key, next)])).succeeded) return;
      }
    };
    await Promise.all(Array.from({ length: 12 }, async () => {
      for (let i = 0; i < 5; i++) await increment();
    }));
    const item = await store.get(key);
    assert.deepEqual([item?.value, item?.version], ["60", 60]);
  }],
];

const watches: Case[] = [
  ["shows a watch every revision once, in order and whole", async ({ store, root }) => {
    const start = (await store.list(root)).revision;
    const live = collect(store, root, start + 1);
    const revisions = await Promise.all(Array.from({ length: 50 }, async (_, i) => {
      const operations = [
        put(`${root}${i}/a`, "x"),
        put(`${root}${i}/b`, "x"),
        put(`${root}last`, `${i}`),
      ];
      return (await store.transact([], operations)).revision;
    }));
    const sorted = revisions.toSorted((a, b) => a - b);
    assert.equal(new Set(sorted).size, 50);
    const replay = collect(store, root, start + 1);
    for (const batches of [await live.take(50), await replay.take(50)]) {
      assert.deepEqual(batches.map((batch) => batch.revision), sorted);
      for (const { revision, events } of batches) {
        assert.equal(events.length, 3);
        assert.ok(events.every((event) => event.revision === revision));
      }
    }
  }],
  ["shows a watch only its prefix, deletions included", async ({ store, root }) => {
    const start = (await store.transact([], [put(root + "in/a", "1")])).revision;
    const batches = collect(store, root + "in/", start + 1);
    await store.transact([], [put(root + "out", "1")]);
    await store.transact([], [remove(root + "in/a"), put(root + "out", "2")]);
    const { revision } = await store.transact([], [put(root + "in/b", "2")]);
    const [deleted, added] = await batches.take(2);
    const key = root + "in/a";
    assert.deepEqual(deleted?.events, [{ type: "delete", key, revision: deleted?.revision }]);
    const item: KeyValue = {
      key: root + "in/b",
      value: "2",
      createRevision: revision,
      modRevision: revision,
      version: 1,
    };
    assert.deepEqual(added, { revision, events: [{ type: "put", item, revision }] });
  }],
  ["says compacted when a watch begins before the history", async ({ store, root }) => {
    const first = (await store.transact([], [put(root + "a", "1")])).revision;
    await store.transact([], [put(root + "a", "2")]);
    const { revision } = await store.transact([], [put(root + "b", "1")]);
    await store.compact(revision);
    await store.compact(first);
    const old = collect(store, root, first);
    await fails("compacted", () => old.next());
    assert.equal((await store.get(root + "a"))?.value, "2");
    const { revision: later } = await store.transact([], [put(root + "c", "1")]);
    const [batch] = await collect(store, root, revision + 1).take(1);
    assert.equal(batch?.revision, later);
  }],
  ["ends a watch when its signal aborts or the store is closed", async ({ store, root }) => {
    const { revision } = await store.transact([], [put(root + "a", "1")]);
    const aborted = collect(store, root, revision);
    await aborted.next();
    await aborted.end();
    const closed = collect(store, root, revision);
    await closed.next();
    const rest = closed.next();
    await store.close();
    assert.equal(
      await rest.catch((error) => assert.equal(codeOf(error), "unavailable")),
      undefined,
    );
    await fails("unavailable", () => store.get(root + "a"));
    await fails("unavailable", () => store.transact([], [put(root + "a", "2")]));
  }],
];

const TTL_MS = 2_000;

const leases: Case[] = [
  ["deletes a lease's keys in one revision when it is revoked", async ({ store, root }) => {
    const lease = await store.grantLease(60_000);
    const { revision } = await store.transact([], [
      put(root + "a", "1", lease),
      put(root + "b", "1", lease),
      put(root + "c", "1"),
    ]);
    assert.equal((await store.get(root + "a"))?.lease, lease);
    await store.transact([], [put(root + "b", "2")]);
    const batches = collect(store, root, revision + 1);
    await store.revokeLease(lease);
    const [, revoked] = await batches.take(2);
    assert.deepEqual(
      revoked?.events.map((event) => [event.type, event.type === "delete" && event.key]),
      [
        ["delete", root + "a"],
      ],
    );
    assert.deepEqual((await store.list(root)).items.map((item) => item.key), [
      root + "b",
      root + "c",
    ]);
    await fails("lease-not-found", () => store.renewLease(lease));
    await fails("lease-not-found", () => store.transact([], [put(root + "d", "1", lease)]));
    assert.equal(await store.get(root + "d"), undefined);
  }],
  [
    "deletes a lease's keys when it expires, and not while it is renewed",
    async ({ store, root }) => {
      const [kept, left] = [await store.grantLease(TTL_MS), await store.grantLease(TTL_MS)];
      const { revision } = await store.transact([], [
        put(root + "kept", "1", kept),
        put(root + "left", "1", left),
      ]);
      const renewing = setInterval(() => void store.renewLease(kept), TTL_MS / 4);
      try {
        const [batch] = await collect(store, root, revision + 1).take(1);
        assert.deepEqual(batch?.events.map((event) => event.type === "delete" && event.key), [
          root + "left",
        ]);
        assert.ok(await store.get(root + "kept"));
        await fails("lease-not-found", () => store.renewLease(left));
      } finally {
        clearInterval(renewing);
      }
      await store.revokeLease(kept);
    },
  ],
];

const misuse: Case[] = [
  ["refuses what breaks the interface's limits", async ({ store, root }) => {
    const many = Array.from({ length: 129 }, (_, i) => `${root}${i}`);
    const transactions: [Compare[], Operation[]][] = [
      [[], [put(root + "a", "1"), remove(root + "a")]],
      [[], [put("", "1")]],
      [[], [put(root + "k".repeat(1024), "1")]],
      [[], [put(root + "a\0b", "1")]],
      [[], [put(root + "a\ud800", "1")]],
      [[], [put(root + "a", "x".repeat(1024 * 1024 + 1))]],
      [[], many.map((key) => put(key, "1"))],
      [many.map((key) => ({ key, modRevision: 0 })), []],
    ];
    for (const [compares, operations] of transactions) {
      await fails("invalid", () => store.transact(compares, operations));
    }
    assert.deepEqual((await store.list(root)).items, []);
    const full = many.slice(1);
    const absent = full.map((key) => ({ key, modRevision: 0 }));
    assert.ok((await store.transact(absent, full.map((key) => put(key, "1")))).succeeded);
  }],
  ["does nothing when its caller has given up already", async ({ store, root }) => {
    const options = { signal: AbortSignal.abort() };
    await fails("timeout", () => store.transact([], [put(root + "a", "1")], options));
    await fails("timeout", () => store.get(root + "a", options));
    await fails("timeout", () => store.list(root, options));
    assert.equal(await store.get(root + "a"), undefined);
  }],
];

/** A running watch whose batches are asked for one by one. */
function collect(store: Store, prefix: string, from: Revision): {
  next(): Promise<WatchBatch | undefined>;
  /** That many batches; then the watch ends. */
  take(count: number): Promise<WatchBatch[]>;
  end(): Promise<void>;
} {
  const abort = new AbortController();
  const iterator = store.watch(prefix, from, abort.signal)[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await iterator.next();
    return done ? undefined : value;
  };
  const end = async () => {
    abort.abort();
    await iterator.return?.();
  };
  const take = async (count: number) => {
    const batches: WatchBatch[] = [];
    while (batches.length < count) {
      const batch = await next();
      assert.ok(batch, "the watch ended early");
      batches.push(batch);
    }
    await end();
    return batches;
  };
  return { next, take, end };
}

const codeOf = (error: unknown): StoreErrorCode | undefined =>
  error instanceof StoreError ? error.code : undefined;

async function fails(code: StoreErrorCode, action: () => Promise<unknown>): Promise<void> {
  await assert.rejects(action, (error) => {
    assert.equal(codeOf(error), code, String(error));
    return true;
  });
}

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { put } from "../../../mod/state/plan.ts";
import { type Store, StoreError, type StoreErrorCode } from "../../../mod/state/store.ts";
import { realTiming } from "../testing.ts";
import { type EmbeddedStoreOptions, openEmbeddedStore } from "./embedded_store.ts";

const never = new AbortController().signal;

async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function withStore(
  options: EmbeddedStoreOptions,
  body: (store: Store) => Promise<void>,
): Promise<void> {
  const store = await openEmbeddedStore(options);
  try {
    await body(store);
  } finally {
    await store.close();
  }
}

const fails = (code: StoreErrorCode, text: RegExp) => (error: unknown): boolean => {
  assert.ok(error instanceof StoreError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, text);
  return true;
};

Deno.test("embedded store keeps everything, and its revision, when it is opened again", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "contiv.db");
    let revision = 0;
    await withStore({ path }, async (store) => {
      await store.transact([], [put("/a", 1)]);
      ({ revision } = await store.transact([], [{ type: "delete", key: "/a" }]));
    });
    await withStore({ path }, async (store) => {
      assert.deepEqual(await store.list(""), { items: [], revision });
      assert.equal((await store.transact([], [put("/b", 1)])).revision, revision + 1);
    });
  }));

Deno.test("embedded store's files are for their owner only", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "new", "deep", "contiv.db");
    await withStore({ path }, async (store) => {
      await store.transact([], [put("/a", 1)]);
      const modes = [path, `${path}-wal`, `${path}-shm`, dirname(path), join(directory, "new")]
        .map((each) => (Deno.statSync(each).mode ?? 0) & 0o777);
      assert.deepEqual(modes, [0o600, 0o600, 0o600, 0o700, 0o700]);
    });
    Deno.chmodSync(path, 0o644);
    await withStore({ path }, () => Promise.resolve());
    assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  }));

Deno.test("embedded store says what to do when its file cannot be used", () =>
  inDirectory(async (directory) => {
    const text = join(directory, "text");
    await Deno.writeTextFile(text, "this is not a database\n".repeat(500));
    await assert.rejects(
      openEmbeddedStore({ path: text }),
      fails("unusable", /not a database.*backup/),
    );

    const foreign = join(directory, "foreign.db");
    const other = new DatabaseSync(foreign);
    other.exec("CREATE TABLE pets (name)");
    other.close();
    await assert.rejects(
      openEmbeddedStore({ path: foreign }),
      fails("unusable", /another program/),
    );

    const newer = join(directory, "newer.db");
    await withStore({ path: newer }, () => Promise.resolve());
    const database = new DatabaseSync(newer);
    database.exec("UPDATE schema SET version = 99");
    database.close();
    await assert.rejects(openEmbeddedStore({ path: newer }), fails("unusable", /format 99/));

    const below = join(text, "contiv.db");
    await assert.rejects(openEmbeddedStore({ path: below }), fails("unusable", /could not create/));
    await assert.rejects(
      openEmbeddedStore({ path: directory }),
      fails("unusable", /unable to open/),
    );
  }));

for (const [what, change] of [["deleted", Deno.remove], ["replaced", replace]] as const) {
  Deno.test(`embedded store refuses everything, and ends its watches, when its file was ${what}`, () =>
    inDirectory(async (directory) => {
      const path = join(directory, "contiv.db");
      const gone = fails("unavailable", /was removed or replaced .* restart contiv/);
      await withStore({ path }, async (store) => {
        const { revision } = await store.transact([], [put("/a", 1)]);
        const watch = store.watch("", revision + 1, never)[Symbol.asyncIterator]().next();
        await change(path);
        await assert.rejects(watch, gone);
        await assert.rejects(store.transact([], [put("/b", 1)]), gone);
        await assert.rejects(store.list(""), gone);
      });
    }));
}

/** As an editor or a restored backup does it. */
async function replace(path: string): Promise<void> {
  await Deno.copyFile(path, `${path}.new`);
  await Deno.rename(`${path}.new`, path);
}

Deno.test("embedded store is not opened when pages of its file are damaged", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "contiv.db");
    await withStore({ path }, async (store) => {
      for (let i = 0; i < 100; i++) await store.transact([], [put(`/${i}`, "x".repeat(1000))]);
    });
    using file = await Deno.open(path, { write: true });
    await file.seek(8 * 4096, Deno.SeekMode.Start);
    await file.write(new Uint8Array(4 * 4096).fill(0xff));
    await assert.rejects(
      openEmbeddedStore({ path }),
      fails("unusable", /restore it from a backup/),
    );
  }));

Deno.test("embedded store forgets old history by itself, and keeps what is current", () =>
  inDirectory((directory) =>
    withStore({ path: join(directory, "contiv.db"), keepRevisions: 100 }, async (store) => {
      await store.transact([], [put("/old", "kept")]);
      const writes = Array.from({ length: 1_500 }, (_, i) => store.transact([], [put("/new", i)]));
      await Promise.all(writes);
      await store.transact([], [put("/new", "last")]);
      assert.deepEqual((await store.list("")).items.map((item) => item.key), ["/new", "/old"]);
      const batches = store.watch("", 2, never)[Symbol.asyncIterator]();
      await assert.rejects(() => batches.next(), fails("compacted", /is compacted/));
    })
  ));

Deno.test("embedded store wakes the watch of another connection at once", () =>
  inDirectory((directory) => {
    const options = { path: join(directory, "contiv.db") };
    return withStore(options, (one) =>
      withStore(options, async (other) => {
        const slowest = { ms: 0 };
        for (let i = 0; i < 20; i++) {
          const { revision } = await one.list("");
          const batches = other.watch("", revision + 1, never)[Symbol.asyncIterator]();
          const next = batches.next();
          await realTiming.delay(2, never);
          const start = performance.now();
          await one.transact([], [put("/a", i)]);
          await next;
          slowest.ms = Math.max(slowest.ms, performance.now() - start);
          await batches.return?.();
        }
        assert.ok(slowest.ms < 200, `${slowest.ms} ms`);
      }));
  }));

Deno.test("embedded store waits without blocking when another process holds the file, until its caller gives up", () =>
  inDirectory((directory) => {
    const path = join(directory, "contiv.db");
    return withStore({ path }, async (store) => {
      const holder = new DatabaseSync(path);
      holder.exec("BEGIN IMMEDIATE");
      const abort = new AbortController();
      const given = store.transact([], [put("/given up", 1)], { signal: abort.signal });
      const patient = store.transact([], [put("/patient", 1)]);
      assert.deepEqual((await store.list("")).items, []);
      abort.abort();
      await assert.rejects(given, fails("timeout", /gave up/));
      holder.exec("COMMIT");
      holder.close();
      assert.ok((await patient).succeeded);
      assert.equal(await store.get("/given up"), undefined);
    });
  }));

Deno.test("embedded store refuses one of the writes that share a commit, and commits the others", () =>
  inDirectory((directory) =>
    withStore({ path: join(directory, "contiv.db") }, async (store) => {
      const [first, lost, conflict, last] = await Promise.allSettled([
        store.transact([], [put("/a", 1)]),
        store.transact([], [{ type: "put", key: "/b", value: "1", lease: "77" }]),
        store.transact([{ key: "/a", modRevision: 0 }], [put("/c", 1)]),
        store.transact([{ key: "/a", modRevision: 2 }], [put("/d", 1)]),
      ]);
      assert.deepEqual(first, { status: "fulfilled", value: { succeeded: true, revision: 2 } });
      assert.equal(lost?.status, "rejected");
      assert.deepEqual(conflict, { status: "fulfilled", value: { succeeded: false, revision: 2 } });
      assert.deepEqual(last, { status: "fulfilled", value: { succeeded: true, revision: 3 } });
    })
  ));

Deno.test("embedded store expires the leases of an earlier boot and those of dead processes", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "contiv.db");
    let now = 0;
    const clock = (boot: string) => ({ boot, now: () => now });
    await withStore({ path, clock: clock("first") }, async (store) => {
      const lease = await store.grantLease(1_000);
      await store.transact([], [{ type: "put", key: "/a", value: "1", lease }]);
    });
    for (const [boot, passed, expected] of [["first", 500, 1], ["second", 0, 0]] as const) {
      now += passed;
      await withStore({ path, clock: clock(boot) }, async (store) => {
        const deadline = performance.now() + (expected ? 300 : 5_000);
        const count = async () => (await store.list("")).items.length;
        while (await count() > 0 && performance.now() < deadline) await realTiming.delay(10, never);
        assert.equal(await count(), expected);
      });
    }
  }));

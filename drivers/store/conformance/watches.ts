/**
 * What a Store must show a watch.
 * @module
 */
import assert from "node:assert/strict";
import type { KeyValue } from "../../../mod/state/store.ts";
import { type Case, codeOf, collect, fails, put, remove } from "./case.ts";

export const watches: Case[] = [
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

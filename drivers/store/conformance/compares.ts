/**
 * What a Store must do with the compares of a transaction.
 * @module
 */
import assert from "node:assert/strict";
import type { Compare } from "../../../mod/state/store.ts";
import { type Case, put, remove } from "./case.ts";

export const compares: Case[] = [
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

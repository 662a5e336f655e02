/**
 * What a Store must do with records: revisions, lists, values.
 * @module
 */
import assert from "node:assert/strict";
import { compareKeys } from "../../../mod/state/key_order.ts";
import { type Case, collect, put, remove } from "./case.ts";

export const records: Case[] = [
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
  ["reports its members' health, and that a closed store has none", async ({ store }) => {
    const members = await store.health();
    assert.ok(members.length > 0);
    for (const { endpoint, healthy } of members) {
      assert.deepEqual([endpoint !== "", healthy], [true, true]);
    }
    await store.close();
    assert.ok((await store.health()).every(({ healthy, detail }) => !healthy && detail));
  }],
  ["lists thousands of records at one revision", async ({ store, root }) => {
    const names = Array.from({ length: 4_100 }, (_, i) => `${root}${String(i).padStart(4, "0")}`);
    const last = { revision: 0 };
    for (let i = 0; i < names.length; i += 128) {
      const operations = names.slice(i, i + 128).map((name) => put(name, "x"));
      last.revision = (await store.transact([], operations)).revision;
    }
    const { items, revision } = await store.list(root);
    assert.deepEqual(items.map((item) => item.key), names);
    assert.ok(revision >= last.revision);
  }],
];

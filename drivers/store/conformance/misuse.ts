/**
 * What a Store must refuse.
 * @module
 */
import assert from "node:assert/strict";
import type { Compare, Operation } from "../../../mod/state/store.ts";
import { type Case, fails, put, remove } from "./case.ts";

export const misuse: Case[] = [
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

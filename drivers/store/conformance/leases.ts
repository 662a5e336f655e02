/**
 * What a Store must do with leases.
 * @module
 */
import assert from "node:assert/strict";
import { type Case, collect, fails, put } from "./case.ts";

export const leases: Case[] = [
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
    async ({ store, root, leaseTtl }) => {
      const [kept, left] = [await store.grantLease(leaseTtl), await store.grantLease(leaseTtl)];
      const { revision } = await store.transact([], [
        put(root + "kept", "1", kept),
        put(root + "left", "1", left),
      ]);
      const renewing = setInterval(() => void store.renewLease(kept), leaseTtl / 4);
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

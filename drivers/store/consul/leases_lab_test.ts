import assert from "node:assert/strict";
import { startConsul } from "../../../tests/lab/consul.ts";
import { withCache } from "../testing.ts";
import { Committer } from "./committer.ts";
import { ConsulApi } from "./consul_api.ts";
import { openConsulStore } from "./consul_store.ts";
import { Leases } from "./leases.ts";
import { Replica } from "./replica.ts";
import { Transport } from "./transport.ts";

const PREFIX = "/contiv.io/leases/";
const TTL_MS = 10_000;
/** Consul takes up to as much again as the time to live. */
const PATIENCE_MS = 2 * TTL_MS + 5_000;

Deno.test("the keys of a process that is gone are deleted by another, in one revision, and its lease fences it", async () => {
  const cluster = await startConsul();
  const { endpoints } = cluster;
  const [gone, left] = [await openConsulStore({ endpoints }), await openConsulStore({ endpoints })];
  try {
    await withCache(left, async (cache, signal) => {
      const lease = await gone.grantLease(TTL_MS);
      const puts = ["a", "b"].map((name) => ({
        type: "put" as const,
        key: PREFIX + name,
        value: "1",
        lease,
      }));
      const { revision } = await gone.transact([], puts);
      const granted = performance.now();
      await gone.close();
      await cache.waitFor(revision, signal);
      assert.deepEqual(cache.snapshot().list(PREFIX).map((item) => item.lease), [lease, lease]);
      const deleted = Promise.withResolvers<void>();
      const timer = setTimeout(() => deleted.reject(new Error("not deleted")), PATIENCE_MS);
      cache.subscribe(({ events }) => {
        try {
          assert.deepEqual(events.map((event) => event.type), ["delete", "delete"]);
          deleted.resolve();
        } catch (error) {
          deleted.reject(error);
        }
      }, signal);
      await deleted.promise.finally(() => clearTimeout(timer));
      const lived = performance.now() - granted;
      console.log(`a lease of ${TTL_MS} ms ended after ${Math.round(lived)} ms`);
      assert.ok(lived >= TTL_MS);
      await assert.rejects(left.transact([], puts), { code: "lease-not-found" });
      assert.deepEqual((await left.list(PREFIX)).items, []);
    }, { prefix: PREFIX });
  } finally {
    await left.close();
    await cluster.close();
  }
});

Deno.test("the sweep finds a lease that came and went between two looks, though the same leases live as before", async () => {
  const cluster = await startConsul();
  const api = new ConsulApi(new Transport({ endpoints: cluster.endpoints }));
  const replica = new Replica(api, undefined);
  const committer = new Committer(api, replica, undefined);
  const leases = new Leases(api, replica, committer);
  const signal = AbortSignal.timeout(30_000);
  try {
    const stays = await leases.grant(TTL_MS, signal);
    await replica.sync();
    await leases.sweep(signal);
    const goes = await leases.grant(TTL_MS, signal);
    const put = (name: string, lease: string) =>
      ({ type: "put", key: PREFIX + name, value: "1", lease }) as const;
    await committer.commit(() => [put("stays", stays), put("goes", goes)], signal);
    await api.destroySession(goes, signal);
    await leases.sweep(signal);
    assert.deepEqual(replica.tree.list(PREFIX).map(({ key }) => key), [`${PREFIX}stays`]);
  } finally {
    api.transport.close();
    await cluster.close();
  }
});

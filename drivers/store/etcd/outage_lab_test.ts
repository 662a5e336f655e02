/** How long a watch waits for a cluster that is away. */
import assert from "node:assert/strict";
import { EtcdCluster } from "../../../tests/lab/etcd.ts";
import { put } from "../../../mod/state/plan.ts";
import { delay } from "../../delay.ts";
import { openEtcdStore } from "./etcd_store.ts";

const KEY = "/contiv.io/outage/a";
/** Longer than a watch's patience with a cluster that is away. */
const QUIET_MS = 16_000;

Deno.test("etcd store's watch counts an outage from its beginning, however quiet it was before, and ends after 15 s", async () => {
  await using cluster = await EtcdCluster.start();
  const [member] = cluster.members;
  const store = await openEtcdStore({ endpoints: cluster.endpoints });
  const { revision } = await store.transact([], [put(KEY, 1)]);
  const abort = new AbortController();
  const watch = store.watch(KEY, revision + 1, abort.signal)[Symbol.asyncIterator]();
  const news = watch.next();
  await delay(QUIET_MS);
  await member?.kill();
  await delay(7_000);
  member?.start();
  await cluster.serves();
  const written = await store.transact([], [put(KEY, 2)]);
  assert.equal((await news).value?.revision, written.revision);

  const ends = watch.next();
  const begin = performance.now();
  await member?.kill();
  await assert.rejects(ends, { code: "unavailable" });
  const patience = performance.now() - begin;
  console.log(`the watch ended ${patience.toFixed(0)} ms after the cluster`);
  assert.ok(patience > 14_000 && patience < 21_000, `${patience} ms`);
  await store.close();
});

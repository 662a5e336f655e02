/** What users of the store see while members die, freeze and come back. Prints how long it took to go on. */
import assert from "node:assert/strict";
import { EtcdCluster, type EtcdMember } from "../../../tests/lab/etcd.ts";
import { waitFor } from "../../../tests/lab/wait.ts";
import { put } from "../../../mod/state/plan.ts";
import type { Store } from "../../../mod/state/store.ts";
import { realTiming, withCache } from "../testing.ts";
import { openEtcdStore } from "./etcd_store.ts";
import { Load } from "./testing/load.ts";

let cluster: EtcdCluster;
Deno.test.beforeAll(async () => {
  cluster = await EtcdCluster.start({ size: 3 });
});
Deno.test.afterAll(async () => await cluster.close());

const USERS = 6;

interface Fault {
  readonly title: string;
  readonly victim: () => Promise<EtcdMember>;
  readonly strike: (member: EtcdMember) => Promise<void> | void;
  readonly repair: (member: EtcdMember) => void;
  /** Milliseconds in which everybody writes, reads and watches again. An election takes 1 to 2 s. */
  readonly limits: { readonly write: number; readonly read: number };
}

const leader = () => cluster.leader();
const follower = async () => {
  const leading = await cluster.leader();
  const other = cluster.members.find((member) => member !== leading);
  assert.ok(other);
  return other;
};
const kill = { strike: (m: EtcdMember) => m.kill(), repair: (m: EtcdMember) => m.start() };
const freeze = { strike: (m: EtcdMember) => m.stop(), repair: (m: EtcdMember) => m.continue() };

const faults: Fault[] = [
  {
    title: "a follower is killed",
    victim: follower,
    ...kill,
    limits: { write: 2_000, read: 2_000 },
  },
  { title: "the leader is killed", victim: leader, ...kill, limits: { write: 8_000, read: 6_000 } },
  {
    title: "a follower freezes",
    victim: follower,
    ...freeze,
    limits: { write: 7_000, read: 4_000 },
  },
  { title: "the leader freezes", victim: leader, ...freeze, limits: { write: 8_000, read: 6_000 } },
];

for (const { title, victim, strike, repair, limits } of faults) {
  Deno.test(`etcd store loses and doubles nothing when ${title} under load`, async () => {
    const stores = await openMany(USERS);
    const load = new Load(stores);
    const member = await victim();
    try {
      await load.start();
      await load.everybodyGoesOn(10_000);
      const begin = performance.now();
      await strike(member);
      await load.everybodyGoesOn(20_000);
      const back = performance.now() - begin;
      repair(member);
      await cluster.serves();
      await load.everybodyGoesOn(10_000);
      await load.finish();
      const { write, read } = load.longestGaps;
      console.log(
        `${title}: longest pause ${write} ms between writes, ${read} ms between reads; ` +
          `everybody wrote, read and saw news ${back.toFixed(0)} ms after; ` +
          `${load.acknowledged} writes acknowledged, ${load.unknown} of unknown outcome`,
      );
      assert.ok(write <= limits.write && read <= limits.read, `${write} ms, ${read} ms`);
      await load.check();
    } finally {
      repair(member);
      await load.finish();
      await Promise.all(stores.map((store) => store.close()));
      await cluster.serves();
    }
  });
}

Deno.test("etcd store: watches and caches go on after the whole cluster was away for 10 s", async () => {
  const [watched, written] = await openMany(2);
  assert.ok(watched && written);
  const root = newRoot();
  const abort = new AbortController();
  const seen: string[] = [];
  const { revision } = await written.transact([], [put(`${root}before`, 1)]);
  const watching = (async () => {
    for await (const { events } of watched.watch(root, revision, abort.signal)) {
      for (const event of events) if (event.type === "put") seen.push(event.item.key);
    }
  })();
  await withCache(watched, async (cache, signal) => {
    await Promise.all(cluster.members.map((member) => member.kill()));
    await assert.rejects(written.get(`${root}before`), { code: "unavailable" });
    assert.ok((await written.health()).every(({ healthy, detail }) => !healthy && detail));
    await realTiming.delay(5_000, signal);
    for (const member of cluster.members) member.start();
    await cluster.serves();
    const begin = performance.now();
    const after = await eventually(() => written.transact([], [put(`${root}after`, 1)]));
    const wrote = performance.now() - begin;
    await cache.waitFor(after.revision, signal);
    await waitFor("the watch to go on", () => seen.length >= 2);
    console.log(
      `cluster back: first write after ${wrote.toFixed(0)} ms, watch and cache after ${
        (performance.now() - begin).toFixed(0)
      } ms`,
    );
  }, { prefix: root });
  abort.abort();
  await watching;
  assert.deepEqual(seen, [`${root}before`, `${root}after`]);
  await Promise.all([watched.close(), written.close()]);
});

Deno.test("etcd store serves nothing old from a member that is cut off from the others", async () => {
  const [cut, ...others] = cluster.members;
  assert.ok(cut);
  const store = await openEtcdStore({ endpoints: [cut.endpoint] });
  const root = newRoot();
  await store.transact([], [put(`${root}a`, 1)]);
  for (const member of others) member.stop();
  try {
    await assert.rejects(store.get(`${root}a`), { code: /unavailable|timeout/ });
    await assert.rejects(store.transact([], [put(`${root}a`, 2)]), { code: /unavailable|timeout/ });
    assert.equal((await store.health())[0]?.healthy, false);
  } finally {
    for (const member of others) member.continue();
    await cluster.serves();
  }
  assert.equal((await eventually(() => store.get(`${root}a`)))?.value, "1");
  await store.close();
});

Deno.test("Cache lists again when an etcd compacted what it has missed", async () => {
  const [first, ...others] = cluster.members;
  assert.ok(first);
  const watched = await openEtcdStore({ endpoints: [first.endpoint] });
  const written = await openEtcdStore({ endpoints: others.map(({ endpoint }) => endpoint) });
  const root = newRoot();
  await written.transact([], [put(`${root}a`, 1)]);
  await withCache(watched, async (cache, signal) => {
    await first.kill();
    await eventually(() => written.transact([], [put(`${root}b`, 1)]));
    const { revision } = await eventually(() => written.transact([], [put(`${root}c`, 1)]));
    await written.compact(revision);
    first.start();
    await cluster.serves();
    await cache.waitFor(revision, signal);
    assert.equal(cache.snapshot().list(root).length, 3);
  }, { prefix: root });
  const old = watched.watch(root, 1, new AbortController().signal)[Symbol.asyncIterator]();
  await assert.rejects(() => old.next(), { code: "compacted" });
  const future = watched.watch(root, 2 ** 40, new AbortController().signal)[Symbol.asyncIterator]();
  await assert.rejects(() => future.next(), { code: "compacted" });
  await Promise.all([watched.close(), written.close()]);
});

function openMany(count: number): Promise<Store[]> {
  const { endpoints } = cluster;
  return Promise.all(Array.from({ length: count }, () => openEtcdStore({ endpoints })));
}

function newRoot(): string {
  return `/contiv.io/failover/${crypto.randomUUID()}/`;
}

/** What fails while a cluster finds itself again is tried again. */
function eventually<T>(action: () => Promise<T>): Promise<T> {
  return waitFor("the cluster", async () => ({ result: await action() }), 20_000)
    .then(({ result }) => result);
}

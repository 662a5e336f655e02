import assert from "node:assert/strict";
import { startConsul } from "../../../tests/lab/consul.ts";
import type { Store } from "../../../mod/state/store.ts";
import { Committer } from "./committer.ts";
import { ConsulApi } from "./consul_api.ts";
import { openConsulStore } from "./consul_store.ts";
import { HEAD, logKey } from "./names.ts";
import { Replica } from "./replica.ts";
import { Transport } from "./transport.ts";

const cluster = await startConsul();
Deno.test.afterAll(() => cluster.close());

const open = () => openConsulStore({ endpoints: cluster.endpoints });

async function withStores(count: number, body: (stores: Store[]) => Promise<void>): Promise<void> {
  const stores = await Promise.all(Array.from({ length: count }, open));
  try {
    await body(stores);
  } finally {
    await Promise.all(stores.map((store) => store.close()));
  }
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

Deno.test("of many processes that add under a prefix which must not have grown, one succeeds a round", async () => {
  await withStores(4, async (stores) => {
    const prefix = "/contiv.io/contention/range/";
    for (const round of range(5)) {
      const results = await Promise.all(stores.map(async (store, i) => {
        const unchangedSince = (await store.list(prefix)).revision;
        // Together, whatever the list's turn was.
        await new Promise((resolve) => setTimeout(resolve, 0));
        const put = { type: "put" as const, key: `${prefix}${round}-${i}`, value: "x" };
        return (await store.transact([{ prefix, unchangedSince }], [put])).succeeded;
      }));
      assert.ok(results.some((succeeded) => succeeded));
    }
    const [first] = stores;
    const items = (await first?.list(prefix))?.items ?? [];
    const revisions = items.map((item) => item.modRevision);
    assert.equal(new Set(revisions).size, revisions.length);
  });
});

Deno.test("transactions of several processes that fit no Consul transaction stay whole", async () => {
  await withStores(3, async (stores) => {
    const prefix = "/contiv.io/contention/large/";
    const keys = range(128).map((i) => prefix + i);
    let reading = true;
    const readers = stores.map(async (store) => {
      while (reading) {
        const { items } = await store.list(prefix);
        assert.ok(new Set(items.map((item) => item.modRevision)).size <= 1);
      }
    });
    const fresh = (async () => {
      while (reading) {
        await withStores(1, async ([store]) => {
          const { items } = await store?.list(prefix) ?? { items: [] };
          assert.ok(new Set(items.map((item) => item.value)).size <= 1);
          assert.ok(items.length === 0 || items.length === 128);
        });
      }
    })();
    await Promise.all(stores.map(async (store, writer) => {
      for (const round of range(5)) {
        const value = `${writer}-${round}`;
        await store.transact([], keys.map((key) => ({ type: "put", key, value })));
      }
    }));
    reading = false;
    await Promise.all([...readers, fresh]);
    const items = (await stores[0]?.list(prefix))?.items ?? [];
    assert.deepEqual(new Set(items.map((item) => item.version)), new Set([15]));
  });
});

Deno.test("a revision whose writer died before its records were written is read whole, and written by the next", async () => {
  const transport = new Transport({ endpoints: cluster.endpoints });
  const api = new ConsulApi(transport);
  const [a, b] = ["/contiv.io/contention/dead/a", "/contiv.io/contention/dead/b"];
  try {
    await withStores(1, async ([before]) => {
      assert.ok(before);
      const { revision } = await before.transact([], [{ type: "put", key: a, value: "old" }]);
      const { pair } = await api.read(HEAD, { index: 0, wait: 0 });
      const { id: previous } = JSON.parse(new TextDecoder().decode(pair?.value));
      const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
      const operations = [{ put: a, value: "new" }, { put: b, value: "new" }];
      const committed = await api.transaction([
        {
          verb: "cas",
          key: HEAD,
          index: pair?.modifyIndex ?? 0,
          value: json({ revision: revision + 1, id: "dead", unapplied: true }),
        },
        {
          verb: "set",
          key: logKey(revision + 1),
          value: json({ id: "dead", previous, operations }),
        },
      ]);
      assert.ok(committed.done);
      await withStores(1, async ([after]) => {
        for (const store of [before, after]) {
          const [first, second] = [await store?.get(a), await store?.get(b)];
          assert.deepEqual([first?.value, first?.version, second?.value], ["new", 2, "new"]);
        }
        const next = await after?.transact([], [{ type: "delete", key: a }]);
        assert.equal(next?.revision, revision + 2);
      });
      const written = await api.read(b.slice(1), { index: 0, wait: 0 });
      assert.match(new TextDecoder().decode(written.pair?.value), /^\{.*\}\nnew$/);
      assert.equal((await api.read(a.slice(1), { index: 0, wait: 0 })).pair, undefined);
    });
  } finally {
    transport.close();
  }
});

Deno.test("a store that was restored to an earlier state, and went on from there, is read anew", async () => {
  const key = "/contiv.io/contention/restored";
  const put = (store: Store, value: string) =>
    store.transact([], [{ type: "put", key: key + value, value }]);
  const url = `http://${cluster.endpoints[0]}/v1/snapshot`;
  await withStores(2, async ([store, other]) => {
    assert.ok(store && other);
    await put(store, "kept");
    const snapshot = await (await fetch(url)).arrayBuffer();
    const { revision } = await put(store, "lost");
    await other.list("/");
    const abort = new AbortController();
    const watch = store.watch("/contiv.io/", revision + 1, abort.signal)[Symbol.asyncIterator]();
    const ended = assert.rejects(watch.next(), { code: "compacted" });
    const restored = await fetch(url, { method: "PUT", body: snapshot });
    assert.equal(restored.status, 200, await restored.text());
    await ended;
    assert.equal(await other.get(key + "lost"), undefined);
    // The revision comes a second time, with other contents.
    for (const value of ["x", "y", "z"]) await put(other, value);
    const items = async (each: Store) => (await each.list(key)).items.map((item) => item.value);
    assert.deepEqual(await items(store), ["kept", "x", "y", "z"]);
    assert.deepEqual(await items(other), await items(store));
  });
});

Deno.test("a process that missed a restoration sees it by the ids in the log", async () => {
  const transport = new Transport({ endpoints: cluster.endpoints });
  const api = new ConsulApi(transport);
  const [replica, other] = [new Replica(api, undefined), new Replica(api, undefined)];
  const never = new AbortController().signal;
  const commit = (to: Replica, value: string) =>
    new Committer(api, to, undefined).commit(
      () => [{ type: "put", key: "/contiv.io/contention/missed", value }],
      never,
    );
  const url = `http://${cluster.endpoints[0]}/v1/snapshot`;
  try {
    await replica.sync();
    await other.sync();
    const snapshot = await (await fetch(url)).arrayBuffer();
    const { revision } = await commit(replica, "lost");
    assert.equal((await fetch(url, { method: "PUT", body: snapshot })).status, 200);
    assert.equal((await commit(other, "again")).revision, revision);
    await commit(other, "then");
    const { generation } = replica;
    await replica.sync();
    assert.equal(replica.generation, generation + 1);
    assert.equal(replica.tree.get("/contiv.io/contention/missed")?.value, "then");
  } finally {
    transport.close();
  }
});

import assert from "node:assert/strict";
import { startConsul } from "../../../tests/lab/consul.ts";
import { waitFor } from "../../../tests/lab/wait.ts";
import type { Store } from "../../../mod/state/store.ts";
import { ConsulApi } from "./consul_api.ts";
import { openConsulStore } from "./consul_store.ts";
import { HEAD, logKey } from "./names.ts";
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
      const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
      const operations = [{ put: a, value: "new" }, { put: b, value: "new" }];
      const committed = await api.transaction([
        {
          verb: "cas",
          key: HEAD,
          index: pair?.modifyIndex ?? 0,
          value: json({ revision: revision + 1, unapplied: true }),
        },
        { verb: "set", key: logKey(revision + 1), value: json({ id: "dead", operations }) },
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

Deno.test("a store that was restored to an earlier state is read anew, and its watches end", async () => {
  const transport = new Transport({ endpoints: cluster.endpoints });
  const api = new ConsulApi(transport);
  try {
    await withStores(1, async ([store]) => {
      assert.ok(store);
      const key = "/contiv.io/contention/restored";
      const { revision } = await store.transact([], [{ type: "put", key, value: "1" }]);
      const abort = new AbortController();
      const watch = store.watch("/contiv.io/", revision + 1, abort.signal)[Symbol.asyncIterator]();
      const ended = assert.rejects(watch.next(), { code: "compacted" });
      await api.write(HEAD, new TextEncoder().encode('{"revision":1}'));
      await ended;
      await waitFor("the earlier revision", async () => (await store.list("/")).revision === 1);
    });
  } finally {
    transport.close();
  }
});

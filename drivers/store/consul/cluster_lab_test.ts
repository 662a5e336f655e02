import assert from "node:assert/strict";
import { type ConsulCluster, startConsul } from "../../../tests/lab/consul.ts";
import { waitFor } from "../../../tests/lab/wait.ts";
import type { Store } from "../../../mod/state/store.ts";
import { openConsulStore } from "./consul_store.ts";

const PREFIX = "/contiv.io/cluster/";

async function withCluster(body: (cluster: ConsulCluster, store: Store) => Promise<void>) {
  const cluster = await startConsul({ servers: 3 });
  const store = await openConsulStore({ endpoints: cluster.endpoints });
  try {
    await body(cluster, store);
  } finally {
    await store.close();
    await cluster.close();
  }
}

/** Writes new keys one after the other, whatever errors come between, until told to end. */
function writing(store: Store): {
  acknowledged: string[];
  longest: () => number;
  end(): Promise<void>;
} {
  const acknowledged: string[] = [];
  let going = true, longest = 0;
  const ended = (async () => {
    for (let i = 0; going; i++) {
      const started = performance.now();
      const key = `${PREFIX}${i}`;
      const compare = { key, modRevision: 0 };
      const put = { type: "put" as const, key, value: String(i) };
      const { succeeded } = await store.transact([compare], [put]);
      assert.ok(succeeded, `${key} was written twice`);
      acknowledged.push(key);
      longest = Math.max(longest, performance.now() - started);
    }
  })();
  return {
    acknowledged,
    longest: () => longest,
    end: async () => {
      going = false;
      await ended;
    },
  };
}

async function reaches(load: { acknowledged: string[] }, more: number): Promise<void> {
  const goal = load.acknowledged.length + more;
  const end = performance.now() + 30_000;
  while (load.acknowledged.length < goal) {
    assert.ok(performance.now() < end, "writing did not go on");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("consul store goes on through the death of the leader, losing and doubling no write", async () => {
  await withCluster(async (cluster, store) => {
    const { revision } = await store.list(PREFIX);
    const abort = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { events } of store.watch(PREFIX, revision + 1, abort.signal)) {
        for (const event of events) if (event.type === "put") seen.push(event.item.key);
      }
    })();
    const load = writing(store);
    await reaches(load, 50);
    const leader = await cluster.leader() ?? 0;
    const killed = performance.now();
    await cluster.kill(leader);
    await waitFor("a new leader", async () => await cluster.leader(leader) !== undefined);
    const elected = performance.now() - killed;
    await reaches(load, 50);
    await load.end();
    console.log(
      `leader killed: the next led after ${
        Math.round(elected)
      } ms; of ${load.acknowledged.length} ` +
        `writes the longest took ${Math.round(load.longest())} ms`,
    );
    const { items } = await store.list(PREFIX);
    assert.deepEqual(items.map((item) => item.key).sort(), load.acknowledged.toSorted());
    assert.ok(items.every((item) => item.version === 1));
    abort.abort();
    await watching;
    assert.deepEqual(seen, load.acknowledged);
    const health = await store.health();
    assert.deepEqual(health.map((each) => each.healthy).sort(), [false, true, true]);
  });
});

Deno.test("consul store leaves an endpoint that hangs within 2 s", async () => {
  await withCluster(async (cluster, store) => {
    await store.transact([], [{ type: "put", key: `${PREFIX}a`, value: "1" }]);
    const leader = await cluster.leader();
    const frozen = leader === 0 ? 1 : 0;
    const { endpoints } = cluster;
    const own = endpoints[frozen], others = endpoints.filter((_, i) => i !== frozen);
    const second = await openConsulStore({ endpoints: own ? [own, ...others] : others });
    try {
      assert.ok(await second.get(`${PREFIX}a`));
      cluster.freeze(frozen);
      const started = performance.now();
      const put = { type: "put" as const, key: `${PREFIX}b`, value: "1" };
      assert.ok((await second.transact([], [put])).succeeded);
      const took = performance.now() - started;
      console.log(`endpoint frozen: the write took ${Math.round(took)} ms`);
      assert.ok(took < 2_000, `${took} ms`);
      const again = performance.now();
      await second.get(`${PREFIX}b`);
      assert.ok(performance.now() - again < 500, "it asked the one that hangs again");
    } finally {
      await second.close();
    }
  });
});

Deno.test("consul stores of several processes count without loss or repetition while the leader dies", async () => {
  await withCluster(async (cluster) => {
    const { endpoints } = cluster;
    const stores = await Promise.all(
      [0, 1, 2].map((i) =>
        openConsulStore({ endpoints: [...endpoints.slice(i), ...endpoints.slice(0, i)] })
      ),
    );
    const key = `${PREFIX}counter`;
    let acknowledged = 0, going = true;
    const counting = stores.map(async (store) => {
      while (going) {
        const item = await store.get(key);
        const compare = { key, modRevision: item?.modRevision ?? 0 };
        const value = String(Number(item?.value ?? 0) + 1);
        if ((await store.transact([compare], [{ type: "put", key, value }])).succeeded) {
          acknowledged++;
        }
      }
    });
    try {
      const until = (count: number) =>
        waitFor(`${count} counted`, () => acknowledged >= count, 30_000);
      await until(50);
      await cluster.kill(await cluster.leader() ?? 0);
      await until(acknowledged + 50);
      going = false;
      await Promise.all(counting);
      const item = await stores[0]?.get(key);
      assert.deepEqual([Number(item?.value), item?.version], [acknowledged, acknowledged]);
    } finally {
      going = false;
      await Promise.allSettled(counting);
      await Promise.all(stores.map((store) => store.close()));
    }
  });
});

/**
 * How fast the embedded store is on this machine: `deno run -A tests/bench/store_bench.ts [directory]`.
 * @module
 */
import { join } from "node:path";
import { openEmbeddedStore } from "../../drivers/store/embedded/embedded_store.ts";
import { realTiming, withCache } from "../../drivers/store/testing.ts";
import type { Cache } from "../../mod/state/cache.ts";
import { addressKey, addressPrefix, endpointKey } from "../../mod/state/keys.ts";
import { type Plan, put } from "../../mod/state/plan.ts";
import type { Snapshot } from "../../mod/state/snapshot.ts";
import type { Store } from "../../mod/state/store.ts";
import { transact } from "../../mod/state/transact.ts";

const never = new AbortController().signal;

if (Deno.args[0] === "--writer") {
  await writeTimestamps(Deno.args[1] ?? "");
} else {
  const directory = await Deno.makeTempDir(Deno.args[0] ? { dir: Deno.args[0] } : {});
  const path = join(directory, "contiv.db");
  const store = await openEmbeddedStore({ path });
  try {
    await transactions(store, 1, 1_000);
    await transactions(store, 32, 200);
    await withCache(store, async (cache) => {
      await endpoints(store, cache, 1, 320);
      await endpoints(store, cache, 32, 30);
    });
    await ownWatch(store);
    await foreignWatch(store, path);
  } finally {
    await store.close();
    await Deno.remove(directory, { recursive: true });
  }
}

async function transactions(store: Store, parallel: number, each: number): Promise<void> {
  await measure(`transactions, ${parallel} at a time`, parallel, each, (lane, i) =>
    store.transact(
      [{ key: `/bench/${parallel}/${lane}/${i}`, modRevision: 0 }],
      [put(`/bench/${parallel}/${lane}/${i}`, { filling: "x".repeat(400) })],
    ));
}

/** An address, the lowest that is free, and an endpoint that holds it. */
async function endpoints(
  store: Store,
  cache: Cache,
  parallel: number,
  each: number,
): Promise<void> {
  const space = `bench:${parallel}`;
  const create = (id: string) => (snapshot: Snapshot): Plan<string> => {
    const taken = new Set(snapshot.list(addressPrefix(space)).map((item) => item.key));
    let host = 2;
    while (taken.has(addressKey(space, addressOf(host)))) host++;
    const key = addressKey(space, addressOf(host));
    return {
      compares: [{ key, modRevision: 0 }],
      operations: [put(key, { owner: id }), put(endpointKey(id), { id, filling: "x".repeat(400) })],
      result: key,
    };
  };
  const results = new Set<string>();
  const options = { signal: never, domain: "endpoints" };
  await measure(`endpoint creations, ${parallel} at a time`, parallel, each, async (lane, i) => {
    results.add(await transact(store, cache, create(`${parallel}-${lane}-${i}`), options));
  });
  if (results.size !== parallel * each) throw new Error("an address was given out twice");
}

function addressOf(host: number): string {
  return `10.1.${host >> 8}.${host & 255}`;
}

async function measure(
  title: string,
  parallel: number,
  each: number,
  run: (lane: number, i: number) => Promise<unknown>,
): Promise<void> {
  const durations: number[] = [];
  const begin = performance.now();
  await Promise.all(Array.from({ length: parallel }, async (_, lane) => {
    for (let i = 0; i < each; i++) {
      const start = performance.now();
      await run(lane, i);
      durations.push(performance.now() - start);
    }
  }));
  const rate = 1_000 * durations.length / (performance.now() - begin);
  report(title, durations, `${rate.toFixed(0)}/s, `);
}

function report(title: string, durations: number[], rate = ""): void {
  const sorted = durations.toSorted((a, b) => a - b);
  const at = (part: number) => (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(2);
  console.log(`${title}: ${rate}p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
}

async function ownWatch(store: Store): Promise<void> {
  const { revision } = await store.list("");
  const batches = store.watch("/own/", revision + 1, never)[Symbol.asyncIterator]();
  const durations: number[] = [];
  for (let i = 0; i < 300; i++) {
    const next = batches.next();
    const committed = store.transact([], [put("/own/a", i)]).then(() => performance.now());
    await next;
    durations.push(performance.now() - await committed);
  }
  await batches.return?.();
  report("watch after the commit's reply, same process", durations);
}

async function foreignWatch(store: Store, path: string): Promise<void> {
  const { revision } = await store.list("");
  const writer = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL(import.meta.url).pathname, "--writer", path],
  }).spawn();
  const durations: number[] = [];
  for await (const { events } of store.watch("/foreign/", revision + 1, never)) {
    const now = performance.timeOrigin + performance.now();
    const [event] = events;
    if (event?.type === "put") durations.push(now - Number(event.item.value));
    if (durations.length === 200) break;
  }
  await writer.status;
  report("watch after the write was begun, other process", durations);
}

async function writeTimestamps(path: string): Promise<void> {
  const store = await openEmbeddedStore({ path });
  for (let i = 0; i < 200; i++) {
    await realTiming.delay(5, never);
    const now = performance.timeOrigin + performance.now();
    await store.transact([], [put("/foreign/a", now)]);
  }
  await store.close();
}

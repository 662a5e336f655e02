import assert from "node:assert/strict";
import { AgentError } from "../../../mod/agent/error.ts";
import { HostPresence, type PresenceDeps } from "../../../mod/agent/host_presence.ts";
import type { HostClaim } from "../../../mod/intent/host.ts";
import type { Cache } from "../../../mod/state/cache.ts";
import { hostKey, SERVICES } from "../../../mod/state/keys.ts";
import type { Store } from "../../../mod/state/store.ts";
import type { HostState } from "../../../mod/model/records.ts";
import { put } from "../../../mod/state/plan.ts";
import { read } from "../../../mod/state/snapshot.ts";
import type { Timing } from "../../../mod/state/timing.ts";
import { transact } from "../../../mod/state/transact.ts";
import { realTiming, withCache } from "../testing.ts";
import { FaultyStore } from "./faulty_store.ts";
import { MemoryStore } from "./memory_store.ts";

const never = new AbortController().signal;
const WRITE = { compares: [], result: undefined };

function claim(host: number, label = "a"): HostClaim {
  return {
    label,
    identity: `host${host}`,
    controlAddress: `192.0.2.${host}`,
    vtepAddress: `192.0.2.${host}`,
    vxlanPort: 4789,
    version: "1",
  };
}

/** A lease is renewed every tenth of a second for every 3.3 s. */
const quickTiming: Timing = {
  random: realTiming.random,
  delay: (milliseconds, signal) => realTiming.delay(milliseconds / 33, signal),
};

function depsOf(store: Store, cache: Cache, lost: AgentError[] = []): PresenceDeps {
  return { store, cache, now: () => 7, lost: (error) => void lost.push(error), ...quickTiming };
}

/** Ends the leases of all that are registered. */
async function endLeases(store: Store): Promise<void> {
  const { items } = await store.list(SERVICES);
  for (const lease of new Set(items.map((item) => item.lease))) {
    if (lease !== undefined) await store.revokeLease(lease);
  }
}

Deno.test("HostPresence registers the host while it is open, and leaves its record behind", async () => {
  const store = new MemoryStore();
  await withCache(store, async (cache) => {
    const presence = await HostPresence.claim(depsOf(store, cache), claim(1), never);
    assert.deepEqual((await store.list(SERVICES)).items.map(({ key }) => key), [
      "/contiv.io/service/netplugin.vtep/192.0.2.1:4789",
      "/contiv.io/service/netplugin/192.0.2.1:9002",
    ]);
    assert.equal(presence.trouble, undefined);
    await presence.close();
    assert.deepEqual((await store.list(SERVICES)).items, []);
    assert.ok(await store.get(hostKey("a")));
  });
});

Deno.test("HostPresence gives a label to one of many hosts that ask for it at once, and to the next when that is gone", async () => {
  const store = new MemoryStore();
  await withCache(store, async (cache) => {
    const attempts = await Promise.allSettled(
      [1, 2, 3].map((host) => HostPresence.claim(depsOf(store, cache), claim(host), never)),
    );
    const held = attempts.filter((it) => it.status === "fulfilled").map(({ value }) => value);
    const refused = attempts.filter((it) => it.status === "rejected").map(({ reason }) => reason);
    assert.equal(held.length, 1);
    for (const error of refused) {
      assert.ok(error instanceof AgentError && error.code === "label-taken", String(error));
      assert.match(error.message, /label a is taken.*--host NAME/);
    }
    await held[0]?.close();
    const next = await HostPresence.claim(depsOf(store, cache), claim(9), never);
    await next.close();
  });
});

Deno.test("HostPresence claims again when its registration was lost", async () => {
  const store = new MemoryStore();
  await withCache(store, async (cache) => {
    const lost: AgentError[] = [];
    const presence = await HostPresence.claim(depsOf(store, cache, lost), claim(1), never);
    await endLeases(store);
    while ((await store.list(SERVICES)).items.length === 0) await realTiming.delay(50, never);
    assert.deepEqual(lost, []);
    await presence.close();
  });
});

Deno.test("HostPresence says that the label is lost when another host took it while the registration was gone", async () => {
  const store = new MemoryStore();
  await withCache(store, async (cache) => {
    const lost: AgentError[] = [];
    const first = await HostPresence.claim(depsOf(store, cache, lost), claim(1), never);
    await endLeases(store);
    const second = await HostPresence.claim(depsOf(store, cache), claim(2), never);
    while (lost.length === 0) await realTiming.delay(50, never);
    assert.match(lost[0]?.message ?? "", /the host at 192\.0\.2\.2 has it/);
    assert.equal(first.trouble, lost[0]?.message);
    await first.close();
    await second.close();
  });
});

Deno.test("HostPresence lets a frozen agent write nothing once another host took its label, though it has not heard of that", async () => {
  const inner = new MemoryStore();
  const frozen = Promise.withResolvers<void>();
  let asleep = false;
  const store = new FaultyStore(inner, () => asleep ? { delay: frozen.promise } : undefined);
  await withCache(store, (cache) =>
    withCache(inner, async (others) => {
      const lost: AgentError[] = [];
      const first = await HostPresence.claim(depsOf(store, cache, lost), claim(1), never);
      const write = (value: number) =>
        transact(
          store,
          cache,
          first.fenced(() => ({ ...WRITE, operations: [put("/mine", value)] })),
          {
            signal: AbortSignal.timeout(20_000),
            domain: "endpoints",
          },
        );
      await write(1);
      asleep = true;
      const late = write(2);
      late.catch(() => {});
      await endLeases(inner);
      const second = await HostPresence.claim(depsOf(inner, others), claim(2), never);
      asleep = false;
      frozen.resolve();
      await assert.rejects(late, /the host label a is not this host's any more/);
      assert.equal((await inner.get("/mine"))?.value, "1");
      await first.close();
      await second.close();
    }));
});

Deno.test("HostPresence lets its host go on writing when somebody noted that it was down", async () => {
  const store = new MemoryStore();
  await withCache(store, async (cache) => {
    const presence = await HostPresence.claim(depsOf(store, cache), claim(1), never);
    const record = read<HostState>(cache.snapshot(), hostKey("a"));
    const { revision } = await store.transact([], [put(hostKey("a"), { ...record, downSince: 9 })]);
    await cache.waitFor(revision, never);
    const decide = presence.fenced(() => ({ ...WRITE, operations: [put("/mine", 1)] }));
    await transact(store, cache, decide, { signal: never });
    assert.ok(await store.get("/mine"));
    await presence.close();
  });
});

Deno.test("HostPresence stops waiting for a store when it is told to", async () => {
  const store = new MemoryStore();
  await withCache(store, async (cache) => {
    const stop = AbortSignal.abort(new DOMException("enough", "AbortError"));
    await assert.rejects(HostPresence.claim(depsOf(store, cache), claim(1), stop), /enough/);
  });
});

import assert from "node:assert/strict";
import { AgentError } from "../../../mod/agent/error.ts";
import { HostPresence, type PresenceDeps } from "../../../mod/agent/host_presence.ts";
import type { HostClaim } from "../../../mod/intent/host.ts";
import type { Cache } from "../../../mod/state/cache.ts";
import { hostKey, SERVICES } from "../../../mod/state/keys.ts";
import type { Store } from "../../../mod/state/store.ts";
import { realTiming, withCache } from "../testing.ts";
import { MemoryStore } from "./memory_store.ts";

const never = new AbortController().signal;

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

function depsOf(store: Store, cache: Cache, said: string[] = []): PresenceDeps {
  const say = (message: string) => void said.push(message);
  const log = { debug: say, info: say, warn: say, error: say };
  return { store, cache, log, now: () => 7, ...realTiming };
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

Deno.test("HostPresence claims again when its registration was lost, unless another host has taken the label", async () => {
  const store = new MemoryStore();
  await withCache(store, async (cache) => {
    const said: string[] = [];
    const first = await HostPresence.claim(depsOf(store, cache, said), claim(1), never);
    const lose = async () => {
      const { items } = await store.list(SERVICES);
      for (const lease of new Set(items.map(({ lease }) => lease))) {
        if (lease) await store.revokeLease(lease);
      }
    };
    await lose();
    const second = await HostPresence.claim(depsOf(store, cache), claim(2), never);
    while (first.trouble === undefined) await realTiming.delay(50, never);
    assert.match(first.trouble, /the host at 192\.0\.2\.2 has it/);
    assert.equal(said.length, 1);
    await second.close();
    while (first.trouble !== undefined) await realTiming.delay(50, never);
    await first.close();
  });
});

Deno.test("HostPresence stops waiting for a store when it is told to", async () => {
  const store = new MemoryStore();
  await withCache(store, async (cache) => {
    const stop = AbortSignal.abort(new DOMException("enough", "AbortError"));
    await assert.rejects(HostPresence.claim(depsOf(store, cache), claim(1), stop), /enough/);
  });
});

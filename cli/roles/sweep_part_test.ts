import assert from "node:assert/strict";
import { MemoryStore } from "../../drivers/store/memory/memory_store.ts";
import { realTiming, withCache } from "../../drivers/store/testing.ts";
import { VanishedNamespaces } from "../../mod/agent/vanished_namespaces.ts";
import { bootstrap, putObject } from "../../mod/intent/objects.ts";
import { createEndpoint } from "../../mod/intent/endpoint.ts";
import { addressKey, portKey } from "../../mod/state/keys.ts";
import { put } from "../../mod/state/plan.ts";
import { transact } from "../../mod/state/transact.ts";
import { type SweepDeps, sweepOnce } from "./sweep_part.ts";

const CONTEXT = { now: 1, clusterMode: "docker", host: "h", vtepIP: "" };
const never = new AbortController().signal;
const ORPHAN = { owner: { kind: "endpoint", id: "net.default-gone" }, created: 0 };

Deno.test("a sweep frees what a crash left, and removes an endpoint whose namespace stays away", async () => {
  const store = new MemoryStore();
  await withCache(store, async (cache) => {
    const commit: SweepDeps["state"]["commit"] = (decide, signal) =>
      transact(store, cache, decide, { signal, ...realTiming });
    await commit((snapshot) => bootstrap(snapshot, { fwdMode: "routing" }, CONTEXT), never);
    const network = {
      tenantName: "default",
      networkName: "net",
      encap: "vxlan",
      subnet: "10.0.0.0/24",
    };
    await commit(
      (snapshot) => putObject(snapshot, "networks", "default:net", network, CONTEXT),
      never,
    );
    for (const endpointID of ["stays", "leaves"]) {
      const attachment = { kind: "netns", sandbox: `/run/netns/${endpointID}` } as const;
      const request = { tenant: "default", network: "net", group: "", endpointID, attachment };
      await commit((snapshot) => createEndpoint(snapshot, request, CONTEXT), never);
    }
    const leaked = [portKey("h", 9), addressKey("default:net", "10.0.0.9")];
    await store.transact([], leaked.map((key) => put(key, ORPHAN)));
    await cache.refresh(never);

    const removed: string[] = [];
    const logged: string[] = [];
    let now = 0;
    const say = (message: string) => void logged.push(message);
    const deps: SweepDeps = {
      state: { snapshot: () => cache.snapshot(), commit, cache },
      endpoints: { remove: ({ endpointID }) => Promise.resolve(void removed.push(endpointID)) },
      kernel: { namespaceExists: (path) => Promise.resolve(path.endsWith("stays")) },
      host: "h",
      log: { debug: say, info: say, warn: say, error: say },
      now: () => now,
    };
    const vanished = new VanishedNamespaces(100);
    for (now of [0, 100]) await sweepOnce(deps, vanished, never);
    assert.deepEqual([await store.get(leaked[0] ?? ""), await store.get(leaked[1] ?? "")], [
      undefined,
      undefined,
    ]);
    assert.deepEqual(removed, []);
    now = 101;
    await sweepOnce(deps, vanished, never);
    assert.deepEqual(removed, ["leaves"]);
    assert.equal(logged.length, 3, "each freed allocation and removed endpoint is logged");
  });
});

Deno.test("a sweep frees nothing while a record cannot be read: that may be the owner's", async () => {
  const store = new MemoryStore();
  await withCache(store, async (cache) => {
    const orphan = portKey("h", 9);
    const owner = "/contiv.io/state/eps/net.default-gone";
    await store.transact([], [put(orphan, ORPHAN), { type: "put", key: owner, value: "{" }]);
    await cache.refresh(never);
    const silent = () => {};
    const deps: SweepDeps = {
      state: {
        snapshot: () => cache.snapshot(),
        commit: (decide, signal) => transact(store, cache, decide, { signal, ...realTiming }),
        cache,
      },
      endpoints: { remove: () => Promise.resolve() },
      kernel: { namespaceExists: () => Promise.resolve(true) },
      host: "h",
      log: { debug: silent, info: silent, warn: silent, error: silent },
      now: () => 0,
    };
    await sweepOnce(deps, new VanishedNamespaces(100), never);
    assert.ok(await store.get(orphan));
    await store.transact([], [{ type: "delete", key: owner }]);
    await cache.refresh(never);
    await sweepOnce(deps, new VanishedNamespaces(100), never);
    assert.equal(await store.get(orphan), undefined);
  });
});

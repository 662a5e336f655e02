import assert from "node:assert/strict";
import { join } from "node:path";
import { sweep } from "../../../mod/alloc/sweep.ts";
import { bootstrap, putObject } from "../../../mod/intent/objects.ts";
import type { Allocation, EndpointState } from "../../../mod/model/records.ts";
import type { Cache } from "../../../mod/state/cache.ts";
import {
  addressKey,
  addressPrefix,
  ENDPOINTS,
  portKey,
  portPrefix,
} from "../../../mod/state/keys.ts";
import { read, readAll, type Snapshot } from "../../../mod/state/snapshot.ts";
import type { Store } from "../../../mod/state/store.ts";
import { transact } from "../../../mod/state/transact.ts";
import { withCache } from "../testing.ts";
import { openEmbeddedStore } from "./embedded_store.ts";

const ROUNDS = 2;
const CHILDREN = 3;
const SPACE = "default:net1";
const CONTEXT = { now: 1, clusterMode: "docker" };
/** Docker has nothing in use: what it holds and no endpoint has, is a leak. */
const FACTS = { host: "h", dockerAddresses: new Set<string>(), grace: 0 };
const never = new AbortController().signal;

type Acknowledged = Map<string, { address: string; port: number } | "open" | "gone">;

Deno.test("addresses and port numbers are given once, and a sweep finds every leak, when processes that allocate are killed", async () => {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "contiv.db");
  const store = await openEmbeddedStore({ path });
  try {
    await withCache(store, async (cache) => {
      await prepare(store, cache);
      const acknowledged: Acknowledged = new Map();
      for (let round = 0; round < ROUNDS; round++) {
        await storm(path, round, acknowledged, () => sweepLiving(store, cache));
        await cache.refresh(never);
        verify(cache.snapshot(), acknowledged);
        await transact(store, cache, (snapshot) => sweep(snapshot, 2, FACTS), { signal: never });
        assert.deepEqual(leaks(cache.snapshot()), []);
      }
    });
  } finally {
    await store.close();
    await Deno.remove(directory, { recursive: true });
  }
});

async function prepare(store: Store, cache: Cache): Promise<void> {
  const options = { signal: never };
  await transact(
    store,
    cache,
    (snapshot) => bootstrap(snapshot, { fwdMode: "routing" }, CONTEXT),
    options,
  );
  const body = {
    tenantName: "default",
    networkName: "net1",
    encap: "vxlan",
    subnet: "10.1.0.0/16",
  };
  await transact(
    store,
    cache,
    (snapshot) => putObject(snapshot, "networks", SPACE, body, CONTEXT),
    options,
  );
}

/** Sweeps beside those who allocate, as every agent does; it must find nothing, as nobody leaves anything half-done. */
async function sweepLiving(store: Store, cache: Cache): Promise<void> {
  const found = await transact(
    store,
    cache,
    (snapshot) => sweep(snapshot, 2, { grace: Infinity }),
    { signal: never },
  );
  assert.deepEqual(found, []);
}

/** Runs the children until each has said enough, kills them, and notes what they said. */
async function storm(
  path: string,
  round: number,
  acknowledged: Acknowledged,
  meanwhile: () => Promise<void>,
): Promise<void> {
  await Promise.all(Array.from({ length: CHILDREN }, async (_, number) => {
    const script = new URL("./allocating_child.ts", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", script, path, `r${round}c${number}`],
      stdout: "piped",
    }).spawn();
    const enough = 500 + Math.random() * 3_000;
    let output = "";
    let killed = false;
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      output += text;
      if (killed) continue;
      await meanwhile();
      if (output.length <= enough) continue;
      child.kill("SIGKILL");
      killed = true;
    }
    await child.status;
    for (const line of output.split("\n").slice(0, -1)) note(acknowledged, line);
  }));
}

function note(acknowledged: Acknowledged, line: string): void {
  const [sign, id = "", address = "", port] = line.split(" ");
  if (sign === "+") acknowledged.set(id, { address, port: Number(port) });
  else acknowledged.set(id, sign === "-" ? "gone" : "open");
}

function verify(snapshot: Snapshot, acknowledged: Acknowledged): void {
  const endpoints = readAll<EndpointState>(snapshot, ENDPOINTS);
  const byId = new Map(endpoints.map((endpoint) => [endpoint.endpointID, endpoint]));
  assert.ok(acknowledged.size > 50, `only ${acknowledged.size} endpoints were acknowledged`);
  assert.equal(new Set(endpoints.map(({ ipAddress }) => ipAddress)).size, endpoints.length);
  assert.equal(new Set(endpoints.map(({ portNumber }) => portNumber)).size, endpoints.length);
  for (const [id, said] of acknowledged) {
    const found = byId.get(id);
    if (said === "gone") assert.equal(found, undefined, `${id} was removed`);
    if (typeof said === "string") continue;
    assert.deepEqual({ address: found?.ipAddress, port: found?.portNumber }, said, id);
  }
  for (const { id, ipAddress, portNumber } of endpoints) {
    for (const key of [addressKey(SPACE, ipAddress), portKey("h", portNumber)]) {
      assert.deepEqual(read<Allocation>(snapshot, key)?.owner, { kind: "endpoint", id });
    }
  }
  const leaked = leaks(snapshot);
  console.log(`${acknowledged.size} endpoints acknowledged, ${leaked.length} allocations leaked`);
  assert.deepEqual(sweep(snapshot, 2, FACTS).result.map(({ key }) => key), leaks(snapshot));
}

/** Keys of allocations that no endpoint has, found without the sweep. */
function leaks(snapshot: Snapshot): string[] {
  const held = new Set(
    readAll<EndpointState>(snapshot, ENDPOINTS).flatMap(({ ipAddress, portNumber }) => [
      addressKey(SPACE, ipAddress),
      portKey("h", portNumber),
    ]),
  );
  return [addressPrefix(SPACE), portPrefix("h")]
    .flatMap((prefix) => snapshot.list(prefix).map(({ key }) => key))
    .filter((key) => !held.has(key));
}

import assert from "node:assert/strict";
import { join } from "node:path";
import { openEmbeddedStore } from "../../drivers/store/embedded/embedded_store.ts";
import { seeded } from "../../drivers/store/testing.ts";
import type { EndpointState } from "../../mod/model/records.ts";
import { ENDPOINTS, portKey } from "../../mod/state/keys.ts";
import { put } from "../../mod/state/plan.ts";
import { readAll } from "../../mod/state/snapshot.ts";
import type { Store } from "../../mod/state/store.ts";
import type { Host } from "../lab/host.ts";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Actor, BASE_NETWORK, DOCKER_NETWORK, type Surroundings } from "./chaos/actor.ts";
import { disagreements, snapshotOf } from "./chaos/agreement.ts";
import { Calls } from "./chaos/calls.ts";
import { Contiv } from "./contiv.ts";

/** CONTIV_CHAOS_SEED repeats a run's choices; what a kill interrupts still depends on the machine. */
const SEED = Number(Deno.env.get("CONTIV_CHAOS_SEED") ?? 1);
const ACTORS = 6;
const ROUNDS = 5;
const OPERATIONS = 200;
const KILLS = 5;
/** Longest life, in ms, of a contiv that is killed while it starts. */
const STARTING_MS = 600;

Deno.test("store, Open vSwitch and kernel agree, and what was acknowledged holds, when contiv is killed during random operations", async (t) => {
  await using lab = await Lab.create({ name: "chaos" });
  const host = await lab.host("a");
  const file = join(host.directory, "state.db");
  const contiv = await Contiv.start(host, { args: [`--store=embedded://${file}`] });
  const calls = Calls.open(host);
  const store = await openEmbeddedStore({ path: file });
  const random = seeded(SEED);
  const counts = new Map<string, number>();
  const around: Surroundings = {
    host,
    calls,
    random,
    count: (operation, status) => {
      const name = `${operation} ${status}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    },
  };
  const actors = Array.from({ length: ACTORS }, (_, number) => new Actor(number, around));
  try {
    await prepare(host, calls, actors);
    for (let round = 1; round <= ROUNDS; round++) {
      await t.step(`round ${round}, seed ${SEED}`, async () => {
        const start = performance.now();
        await storm(actors, contiv, around);
        await verify(host, contiv, store, actors);
        console.log(`${Math.round(performance.now() - start)} ms`);
      });
    }
    await t.step("a fresh start has nothing to mend", async () => {
      const before = contiv.tail(Infinity).length;
      await contiv.restart("SIGKILL");
      assert.doesNotMatch(contiv.tail(Infinity).slice(before), /Mended|Freed|Removed/);
    });
    await t.step("a start frees an allocation whose owner is gone, and says so", async () => {
      const orphan = { owner: { kind: "endpoint", id: "base.default-gone" }, created: 0 };
      const key = portKey(host.name, 999);
      await store.transact([], [put(key, orphan)]);
      await contiv.restart("SIGKILL");
      await waitFor("the sweep", async () => await store.get(key) === undefined);
      await waitFor("its word", () => new RegExp(`Freed .*${key}`).test(contiv.tail()));
    });
    await t.step("nothing is left of endpoints when all were taken away", async () => {
      for (const actor of actors) await actor.leave();
      await verify(host, contiv, store, actors);
      const snapshot = await snapshotOf(store);
      assert.deepEqual(snapshot.list(ENDPOINTS).map(({ key }) => key), []);
      assert.doesNotMatch(await host.must(["ip", "-o", "link"]), /vport/);
    });
  } finally {
    console.log([...counts].sort().map(([name, count]) => `${count} × ${name}`).join(", "));
    await store.close();
    await calls.close();
  }
});

async function prepare(host: Host, calls: Calls, actors: readonly Actor[]): Promise<void> {
  const namespaces = actors.flatMap((actor) => actor.namespaces);
  await host.ip(namespaces.map((name) => `netns add ${name}`));
  const subnet = { Pool: "10.1.0.0/16", Gateway: "10.1.255.254/16" };
  await waitFor("the API", async () => {
    const reply = await calls.put(`networks/default:${BASE_NETWORK}`, {
      tenantName: "default",
      networkName: BASE_NETWORK,
      encap: "vxlan",
      subnet: subnet.Pool,
      gateway: "10.1.255.254",
    });
    return reply.status === 200;
  });
  const reply = await calls.driver("NetworkDriver.CreateNetwork", {
    NetworkID: DOCKER_NETWORK,
    Options: { "com.docker.network.generic": { network: BASE_NETWORK } },
    IPv4Data: [subnet],
  });
  assert.equal(reply.status, 200, reply.text);
}

/** All act at once; at random operations contiv is killed while they are under way, and sometimes again while it starts. */
async function storm(
  actors: readonly Actor[],
  contiv: Contiv,
  around: Surroundings,
): Promise<void> {
  const { random } = around;
  const kills = new Set<number>();
  while (kills.size < KILLS) kills.add(Math.floor(random() * OPERATIONS));
  let done = 0;
  let up = Promise.resolve();
  const run = async (actor: Actor) => {
    while (done < OPERATIONS) {
      await up;
      const kill = kills.has(done++);
      const acting = actor.act();
      if (kill) up = up.then(() => killAndStart(contiv, around));
      await acting;
    }
  };
  await Promise.all(actors.map(run));
  await up;
}

async function killAndStart(contiv: Contiv, { random, count }: Surroundings): Promise<void> {
  const kill = async (when: string) => {
    const { code } = await contiv.stop("SIGKILL");
    count(`contiv killed ${when}`, code);
  };
  await kill("at work");
  if (random() < 0.3) {
    contiv.launch();
    await new Promise((resolve) => setTimeout(resolve, random() * STARTING_MS));
    await kill("while it started");
  }
  await contiv.start();
}

async function verify(
  host: Host,
  contiv: Contiv,
  store: Store,
  actors: readonly Actor[],
): Promise<void> {
  let faults: string[] = [];
  try {
    await waitFor("agreement", async () => {
      faults = await disagreements(host, store);
      return faults.length === 0;
    }, 5_000);
  } catch {
    assert.fail(`${faults.join("\n")}\n${contiv.tail()}`);
  }
  await verifyAcknowledged(store, actors);
  await verifyNamespaces(host, store, actors);
}

/** What was acknowledged is there as it was told, and what was acknowledged to be gone is gone. */
async function verifyAcknowledged(store: Store, actors: readonly Actor[]): Promise<void> {
  const endpoints = readAll<EndpointState>(await snapshotOf(store), ENDPOINTS);
  for (const [name, known] of actors.flatMap((actor) => [...actor.known])) {
    const records = endpoints.filter(({ endpointID }) => endpointID === name);
    if (known.state === "absent") assert.deepEqual(records, [], `${name} was removed`);
    if (known.state !== "present") continue;
    assert.equal(records.length, 1, `${name} was made`);
    if (known.record) assert.deepEqual(records[0], known.record);
  }
}

/** Inside each namespace is the interface of its endpoint, or none. */
async function verifyNamespaces(
  host: Host,
  store: Store,
  actors: readonly Actor[],
): Promise<void> {
  const shown = await host.must(["ip", "-all", "netns", "exec", "ip", "-o", "-4", "address"]);
  const addresses = new Map(
    shown.split(/^netns: /m).map((text) => [
      /^\S*/.exec(text)?.[0],
      /eth0\s+inet (\S+)\//.exec(text)?.[1],
    ]),
  );
  const endpoints = readAll<EndpointState>(await snapshotOf(store), ENDPOINTS);
  for (const name of actors.flatMap((actor) => actor.namespaces)) {
    const address = endpoints.find(({ endpointID }) => endpointID === name)?.ipAddress;
    assert.equal(addresses.get(name), address, `address in namespace ${name}`);
  }
}

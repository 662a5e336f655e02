import assert from "node:assert/strict";
import { openEtcdStore } from "../../drivers/store/etcd/etcd_store.ts";
import { sweep } from "../../mod/alloc/sweep.ts";
import type { NetworkState } from "../../mod/model/records.ts";
import { GROUPS, LOCKS, NETWORKS, OBJECTS, SERVICES } from "../../mod/state/keys.ts";
import { LEADER, type ServiceRecord } from "../../mod/state/registration.ts";
import { readAll, type Snapshot } from "../../mod/state/snapshot.ts";
import type { Store } from "../../mod/state/store.ts";
import { run } from "../lab/command.ts";
import { EtcdCluster } from "../lab/etcd.ts";
import { waitFor } from "../lab/wait.ts";
import { snapshotOf } from "./chaos/agreement.ts";
import { MasterProcess } from "./master_process.ts";
import { PROGRAM } from "./program.ts";

const LEADER_TTL_S = 4;
const STORM_MS = 15_000;

async function threeMasters(etcd: EtcdCluster): Promise<MasterProcess[]> {
  const args = [`--etcd=${etcd.endpoints.join(",")}`, `--leader-ttl=${LEADER_TTL_S}`];
  const masters = [0, 1, 2].map(() => new MasterProcess({ args }));
  for (const master of masters) master.launch();
  await Promise.all(masters.map((master) => master.serves()));
  return masters;
}

const leaderOf = async (store: Store) => (await store.get(LOCKS + LEADER))?.value;

async function roles(store: Store): Promise<Record<string, string>> {
  const records = readAll<ServiceRecord>(await snapshotOf(store), `${SERVICES}netmaster/`);
  return Object.fromEntries(
    records.map(({ HostAddr, Port, Role }) => [`${HostAddr}:${Port}`, Role]),
  );
}

const network = (name: string, number: number) => ({
  tenantName: "default",
  networkName: name,
  encap: "vxlan",
  subnet: `10.${number}.0.0/24`,
  gateway: `10.${number}.0.254`,
});

/** One line for each object whose parts are not all there, and each part whose object is not. */
function halves(snapshot: Snapshot): string[] {
  const names = (prefix: string, id: (key: string) => string) =>
    new Set(snapshot.list(prefix).map(({ key }) => id(key.slice(prefix.length))));
  const turned = (separator: string) => (key: string) => key.split(":").reverse().join(separator);
  const pairs = [
    ["network", names(`${OBJECTS}network/`, turned(".")), names(NETWORKS, (id) => id)],
    ["group", names(`${OBJECTS}endpointGroup/`, turned(":")), names(GROUPS, (id) => id)],
  ] as const;
  const tags = readAll<NetworkState>(snapshot, NETWORKS).map(({ extPktTag }) => extPktTag);
  return [
    ...pairs.flatMap(([kind, objects, states]) => [
      ...[...objects.difference(states)].map((id) => `${kind} ${id} has no state`),
      ...[...states.difference(objects)].map((id) => `state of ${kind} ${id} has no object`),
    ]),
    ...tags.filter((tag, at) => tags.indexOf(tag) !== at).map((tag) => `VNI ${tag} is given twice`),
    ...sweep(snapshot, 0, { grace: 0 }).result.map(({ key, reason }) => `${key}: ${reason}`),
  ];
}

Deno.test("many masters: all serve, one leads, and the next leads soon after its death", async (t) => {
  await using etcd = await EtcdCluster.start({ size: 3 });
  const masters = await threeMasters(etcd);
  await using stack = new AsyncDisposableStack();
  for (const master of masters) stack.use(master);
  const store = await openEtcdStore({ endpoints: etcd.endpoints });
  stack.defer(() => store.close());
  const leading = async (among: readonly MasterProcess[]) => {
    const address = await leaderOf(store);
    return among.find((master) => master.address === address);
  };

  await t.step("each takes writes, and all others read them", async () => {
    for (const [number, master] of masters.entries()) {
      const made = await master.call(
        "POST",
        `/api/v1/networks/default:n${number}/`,
        network(`n${number}`, number + 1),
      );
      assert.equal(made.status, 200, made.text);
      for (const other of masters) {
        await waitFor(
          `n${number} at ${other.address}`,
          async () =>
            (await other.call("GET", `/api/v1/networks/default:n${number}/`)).status === 200,
        );
      }
    }
  });

  let leader = await waitFor("a leader", () => leading(masters));
  await t.step("all name the same leader, in the original's words and records", async () => {
    const expected = Object.fromEntries(
      masters.map((it) => [it.address, it === leader ? "leader" : "follower"]),
    );
    await waitFor("the roles", async () => {
      const found = await roles(store);
      return masters.every(({ address }) => found[address] === expected[address]);
    });
    for (const master of masters) {
      const info = JSON.parse((await master.call("GET", "/info")).text);
      assert.equal(info["leader-ip"], leader.address);
      assert.equal(info["current-state"], expected[master.address]);
    }
  });

  await t.step(
    `another leads at most ${LEADER_TTL_S} s after SIGKILL, writes never stop`,
    async () => {
      const others = masters.filter((master) => master !== leader);
      await leader.stop("SIGKILL");
      const start = performance.now();
      const reply = await others[0]?.call("POST", "/api/v1/tenants/x/", { tenantName: "x" });
      assert.equal(reply?.status, 200, reply?.text ?? "no reply");
      assert.ok(performance.now() - start < 2_000, "a write waited for the election");
      const next = await waitFor("the next leader", () => leading(others), 20_000);
      const seconds = (performance.now() - start) / 1000;
      console.log(`the next master led ${seconds.toFixed(1)} s after the death of the first`);
      assert.ok(seconds <= LEADER_TTL_S + 0.5, `${seconds} s`);
      leader.launch();
      await leader.serves();
      leader = next;
    },
  );

  await t.step("another leads at once when the leader is stopped in order", async () => {
    const others = masters.filter((master) => master !== leader);
    await leader.stop();
    const start = performance.now();
    await waitFor("the next leader", () => leading(others));
    assert.ok(performance.now() - start < 2_000);
  });

  await t.step("ctl goes to the next of several masters when the first is gone", async () => {
    const urls = [leader, ...masters.filter((master) => master !== leader)].map(({ url }) => url);
    for (const words of [["tenant", "create", "y"], ["tenant", "ls"]]) {
      const { code, stdout, stderr } = await run([...PROGRAM, "ctl", ...words], {
        env: { NETMASTER: urls.join(",") },
      });
      assert.equal(code, 0, stderr);
      if (words[1] === "ls") assert.match(stdout, /\by\b/);
    }
  });
});

Deno.test("masters killed at random under a load of changes leave no half object", async () => {
  await using etcd = await EtcdCluster.start({ size: 3 });
  const masters = await threeMasters(etcd);
  await using stack = new AsyncDisposableStack();
  for (const master of masters) stack.use(master);
  const store = await openEtcdStore({ endpoints: etcd.endpoints });
  stack.defer(() => store.close());
  const end = performance.now() + STORM_MS;
  const counts = new Map<number, number>();
  const pick = <T>(from: readonly T[]): T => {
    const picked = from[Math.floor(Math.random() * from.length)];
    if (picked === undefined) throw new Error("nothing to pick from");
    return picked;
  };
  const client = async (number: number) => {
    while (performance.now() < end) {
      const which = Math.floor(Math.random() * 3);
      const name = `n${number}x${which}`;
      const isNetwork = Math.random() < 0.6;
      const path = isNetwork ? `networks/default:${name}` : `endpointGroups/default:g${name}`;
      const body = isNetwork
        ? network(name, 10 + number * 3 + which)
        : { tenantName: "default", groupName: `g${name}`, networkName: name };
      const { status } = Math.random() < 0.4
        ? await pick(masters).call("DELETE", `/api/v1/${path}/`)
        : await pick(masters).call("POST", `/api/v1/${path}/`, body);
      counts.set(status, (counts.get(status) ?? 0) + 1);
      if (status === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  let kills = 0;
  const killer = async () => {
    while (performance.now() < end) {
      const victim = pick(masters);
      await victim.stop("SIGKILL");
      kills++;
      victim.launch();
      await victim.serves();
    }
  };
  await Promise.all([...Array.from({ length: 6 }, (_, number) => client(number)), killer()]);
  console.log(`${kills} kills; replies by status: ${JSON.stringify(Object.fromEntries(counts))}`);
  assert.ok((counts.get(200) ?? 0) > 50 && kills >= 3);
  const snapshot = await snapshotOf(store);
  assert.deepEqual(halves(snapshot), []);
  for (const master of masters) {
    const { status, text } = await master.call("GET", "/api/v1/networks/");
    assert.equal(status, 200);
    assert.equal(JSON.parse(text).length, snapshot.list(`${OBJECTS}network/`).length);
  }
});

import assert from "node:assert/strict";
import type { HostState } from "../../mod/model/records.ts";
import { ENDPOINTS, hostKey } from "../../mod/state/keys.ts";
import { read } from "../../mod/state/snapshot.ts";
import { SteppedClock } from "../lab/stepped_clock.ts";
import { waitFor } from "../lab/wait.ts";
import { snapshotOf } from "../system/chaos/agreement.ts";
import { forgets } from "../system/cluster.ts";
import { Contiv } from "../system/contiv.ts";
import { Namespace } from "../system/namespace.ts";
import {
  later,
  lossless,
  losslessWhileAttached,
  refused,
  saysAway,
  saysBack,
  unbroken,
} from "./assertions.ts";
import { etcdReader } from "./etcd_reader.ts";
import { attach, FaultCluster, type FaultHost } from "./fault_cluster.ts";
import { tell } from "./figures.ts";
import { probed } from "./probes.ts";
import { recovered, tellRecovery } from "./recovery.ts";

/** How long a host is cut off; CONTIV_FAULT_SECONDS in place of 30. */
const CUT_OFF_S = Number(Deno.env.get("CONTIV_FAULT_SECONDS") ?? 30);
const GRACE_S = CUT_OFF_S + 5;
/** A registration lives 10 s, and the leader looks every 4.5 s at most. */
const MARKED_MS = 20_000;
const HOUR_S = 3_600;

/** The host's record, or undefined when it has been given up. */
async function record(cluster: FaultCluster, label: string): Promise<HostState | undefined> {
  return read<HostState>(await snapshotOf(etcdReader(cluster.etcd)), hostKey(label));
}

/** Resolves with the seconds until the host is shown as down. */
async function marked(cluster: FaultCluster, label: string): Promise<string> {
  const start = performance.now();
  await waitFor(
    `host ${label} to be down`,
    async () => (await record(cluster, label))?.downSince !== undefined,
    MARKED_MS,
  );
  return `down after ${((performance.now() - start) / 1000).toFixed(1)} s`;
}

async function isUp(cluster: FaultCluster, label: string): Promise<void> {
  await waitFor(`host ${label} to be up`, async () => {
    const found = await record(cluster, label);
    return found !== undefined && found.downSince === undefined;
  }, MARKED_MS);
}

function cable(cluster: FaultCluster, { host }: FaultHost, state: "up" | "down"): Promise<string> {
  return cluster.lab.outside().must(["ip", "link", "set", `to-${host.name}`, state]);
}

Deno.test("hosts that are cut off, gone, twins or of another time harm nobody else", async (t) => {
  const clockFile = await Deno.makeTempFile({ prefix: "faults-clock-" });
  await using _ = { [Symbol.asyncDispose]: () => Deno.remove(clockFile) };
  const clock = new SteppedClock(clockFile);
  await using cluster = await FaultCluster.start("faultsh", {
    master: [`--host-grace=${GRACE_S}s`],
    env: ({ name }) => name === "b" ? clock.env : {},
  });
  const [a, b, c] = cluster.hosts;
  assert.ok(a && b && c);

  await t.step("a host cut off from store and peers", async () => {
    const near = await Namespace.create(c.host, "near");
    const address = await attach(c.host, near.name);
    const spare = await Namespace.create(c.host, "spare");
    let said = "";
    const cutOff = async () => {
      await cable(cluster, c, "down");
      const since = performance.now();
      try {
        const [down, away] = await Promise.all([
          marked(cluster, "c"),
          saysAway(c, since),
          refused(c, spare.name, /could not write/),
        ]);
        said = `${down}, its health said it after ${away} ms`;
        await later(CUT_OFF_S * 1000 - (performance.now() - since));
      } finally {
        await cable(cluster, c, "up");
      }
      said += `; ${tellRecovery(await recovered(cluster, { on: 2 }))}`;
    };
    const over = Promise.withResolvers<void>();
    const others = probed(cluster.between(0, 1), () => over.promise);
    const local = probed({ from: c.box, to: near, address }, () => over.promise);
    try {
      const across = await probed(cluster.between(0, 2), async () => {
        await later(1000);
        await cutOff();
        await a.box.mustReach(c.address);
      });
      console.log(`host cut off for ${CUT_OFF_S} s: ${tell(across)}; ${said}`);
      unbroken(across);
    } finally {
      over.resolve();
    }
    console.log(`  inside it: ${tell(await local)}`);
    console.log(`  among the others: ${tell(await others)}`);
    losslessWhileAttached(await local);
    losslessWhileAttached(await others);
    await saysBack(c);
    await isUp(cluster, "c");
    await c.agent.ready();
    await cluster.agrees();
  });

  await t.step("a second host with the label of one that runs", async () => {
    const second = await cluster.lab.host("z");
    await second.startUnderlay();
    const args = [
      `--etcd=${cluster.etcd.endpoints.join(",")}`,
      "--plugin-socket=none",
      "--host=b",
    ];
    const twin = new Contiv(second, { role: "plugin", args });
    const figures = await probed(cluster.between(0, 1), async () => {
      twin.launch();
      const refusal = new RegExp(`label b is taken: the host at ${b.host.address}`);
      await waitFor("the refusal", () => refusal.test(twin.tail()), 15_000);
    });
    console.log(`second host with a label: ${tell(figures)}; refused`);
    lossless(figures);
    assert.equal((await second.must(["ovs-vsctl", "list-ports", "contiv0"])).trim(), "");
    await twin.stop();
    await cluster.agrees();
  });

  for (const seconds of [HOUR_S, -HOUR_S]) {
    await t.step(`clock of one host, with agent and master, is set ${seconds} s off`, async () => {
      // A host that has just gone down is what a wrong clock could take for gone for long.
      await c.agent.stop("SIGKILL");
      await marked(cluster, "c");
      const figures = await probed(cluster.between(0, 1), async () => {
        clock.step(seconds);
        await later(6_000);
      });
      const said = tellRecovery(await recovered(cluster, { master: 1 }));
      console.log(`clock set ${seconds} s off: ${tell(figures)}; ${said}`);
      lossless(figures);
      assert.ok(await record(cluster, "c"), "a host that was down for seconds was given up");
      await c.agent.start();
      await isUp(cluster, "c");
      clock.step(0);
      await recovered(cluster, { master: 1 });
      await cluster.agrees();
    });
  }

  await t.step("a host removed without a word", async () => {
    let said = "";
    const figures = await probed(cluster.between(0, 1), async () => {
      await cable(cluster, c, "down");
      await c.agent.stop("SIGKILL");
      await c.host.kill("ovs-vswitchd");
      await c.host.kill("ovsdb-server");
      const start = performance.now();
      said = await marked(cluster, "c");
      await waitFor(
        "the host to be given up",
        async () => await record(cluster, "c") === undefined,
        (GRACE_S + 20) * 1000,
      );
      said += `, given up after ${((performance.now() - start) / 1000).toFixed(1)} s`;
    });
    console.log(`host removed: ${tell(figures)}; ${said}`);
    lossless(figures);
    const left = (await snapshotOf(etcdReader(cluster.etcd))).list(ENDPOINTS);
    assert.deepEqual(left.filter(({ value }) => value.includes(`"homingHost":"c"`)), []);
    for (const { host } of [a, b]) await forgets(host, c.address);
    await cluster.agrees([a, b]);
  });
});

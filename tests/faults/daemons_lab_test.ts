import assert from "node:assert/strict";
import { waitFor } from "../lab/wait.ts";
import type { Contiv } from "../system/contiv.ts";
import { later, lossless, losslessWhileAttached, unbroken } from "./assertions.ts";
import { FaultCluster, type FaultHost } from "./fault_cluster.ts";
import { type Figures, tell } from "./figures.ts";
import { plainSwitches } from "./plain_switch.ts";
import { probed } from "./probes.ts";
import { recovered, tellRecovery } from "./recovery.ts";

/** Milliseconds after a restart in which whatever it upset would show. */
const SETTLED_MS = 2_000;

/** Forty links, of nobody's concern, come to a host and go. */
const FORTY_LINKS = "for i in $(seq 40); do ip link add other type veth peer name rehto; " +
  "ip link set other up; sleep 0.1; ip link del other; sleep 0.1; done";

async function killedOvs({ host }: FaultHost): Promise<void> {
  await host.kill("ovs-vswitchd");
  await waitFor(
    "ovs-vswitchd to be gone",
    async () => (await host.exec(["ovs-appctl", "--timeout=1", "version"])).code !== 0,
  );
  await host.startOvs();
}

Deno.test("traffic between hosts outlives agents and masters, and comes back when Open vSwitch does", async (t) => {
  await using cluster = await FaultCluster.start("faultsd");
  const agents = cluster.hosts.map(({ agent }) => agent);
  const masters = cluster.masters;

  const restarts = async (processes: readonly Contiv[], signal: Deno.Signal) => {
    await Promise.all(processes.map((process) => process.stop(signal)));
    for (const process of processes) process.launch();
  };
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    for (const [what, processes] of [["agents", agents], ["masters", masters]] as const) {
      await t.step(`${signal} of all ${what} loses nothing`, async () => {
        const figures = await probed(cluster.between(0, 1), async () => {
          await restarts(processes, signal);
          for (const agent of agents) await agent.ready();
          await later(SETTLED_MS);
        });
        lossless(figures);
        await cluster.agrees();
        await restarts(processes, signal);
        const recovery = tellRecovery(await recovered(cluster));
        console.log(`${signal} of all ${what}: ${tell(figures)}; ${recovery}`);
        for (const agent of agents) await agent.ready();
        await cluster.agrees();
      });
    }
  }

  const [a, b] = cluster.hosts;
  assert.ok(a && b);
  const plain = await plainSwitches(a.host, b.host);
  /** Kills while both are probed; returns what either lost. */
  const beside = async (what: string, kill: () => Promise<void>): Promise<[Figures, Figures]> => {
    let recovery: string | undefined;
    const [running, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const others = probed(plain, async () => {
      running.resolve();
      await done.promise;
      await plain.from.mustReach(plain.address);
    });
    try {
      const figures = await probed(cluster.between(0, 1), async () => {
        await running.promise;
        await kill();
        recovery = tellRecovery(await recovered(cluster));
        await a.box.mustReach(b.address);
      });
      done.resolve();
      console.log(`${what}: ${tell(figures)}; ${recovery}`);
      console.log(`  a plain bridge meanwhile: ${tell(await others)}`);
      return [figures, await others];
    } finally {
      done.resolve();
      await others;
    }
  };

  await t.step(
    "links that come and go break no connection, here or on a plain bridge",
    async () => {
      const links = a.host.must(["sh", "-c", FORTY_LINKS], { deadline: 30_000 });
      const [ours, others] = await Promise.all([
        probed(cluster.between(0, 1), () => links.then(() => {})),
        probed(plain, () => links.then(() => {})),
      ]);
      console.log(`forty links come and go: ${tell(ours)}`);
      console.log(`  a plain bridge meanwhile: ${tell(others)}`);
      for (const figures of [ours, others]) {
        unbroken(figures);
        assert.equal(figures.connections.failed, 0);
      }
    },
  );

  await t.step("SIGKILL of ovsdb-server loses nothing", async () => {
    const [figures] = await beside("SIGKILL of ovsdb-server", async () => {
      await b.host.kill("ovsdb-server");
      await b.host.startOvs();
    });
    losslessWhileAttached(figures);
    await b.agent.ready();
    await cluster.agrees();
  });

  await t.step("SIGKILL of ovs-vswitchd costs little more than of a plain one", async () => {
    const [figures, other] = await beside("SIGKILL of ovs-vswitchd", () => killedOvs(b));
    unbroken(figures);
    assert.ok(figures.ping.gap <= other.ping.gap + 3_000, "more than 3 s beyond plain");
    await b.agent.ready();
    await cluster.agrees();
  });
});

import assert from "node:assert/strict";
import { waitFor } from "../lab/wait.ts";
import type { Contiv } from "../system/contiv.ts";
import { FaultCluster, type FaultHost } from "./fault_cluster.ts";
import { type Figures, tell } from "./figures.ts";
import { plainSwitches } from "./plain_switch.ts";
import { probed } from "./probes.ts";
import { recovered, tellRecovery } from "./recovery.ts";

/** Nothing was lost, and nothing had to be sent again after TCP's shortest wait for an acknowledgement but once. */
function lossless({ ping, stream, connections }: Figures): void {
  assert.equal(ping.lost, 0);
  assert.equal(stream.broken, undefined);
  assert.equal(stream.echoed, stream.sent);
  assert.equal(connections.failed, 0);
}

/** What outlives a break: no byte of the stream is lost. */
function unbroken({ stream }: Figures): void {
  assert.equal(stream.broken, undefined);
  assert.equal(stream.echoed, stream.sent);
}

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
        let recovery: string | undefined;
        const figures = await probed(cluster.between(0, 1), async () => {
          await restarts(processes, signal);
          recovery = tellRecovery(await recovered(cluster));
          for (const agent of agents) await agent.ready();
        });
        console.log(`${signal} of all ${what}: ${tell(figures)}; ${recovery}`);
        lossless(figures);
        await cluster.agrees();
      });
    }
  }

  await t.step("SIGKILL of ovsdb-server loses nothing", async () => {
    const [, b] = cluster.hosts;
    assert.ok(b);
    let recovery: string | undefined;
    const figures = await probed(cluster.between(0, 1), async () => {
      await b.host.kill("ovsdb-server");
      await b.host.startOvs();
      recovery = tellRecovery(await recovered(cluster));
    });
    console.log(`SIGKILL of ovsdb-server: ${tell(figures)}; ${recovery}`);
    lossless(figures);
    await b.agent.ready();
    await cluster.agrees();
  });

  await t.step("SIGKILL of ovs-vswitchd costs little more than of a plain one", async () => {
    const [a, b] = cluster.hosts;
    assert.ok(a && b);
    const plain = await plainSwitches(a.host, b.host);
    let recovery: string | undefined;
    const both = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    const plainFigures = probed(plain, async () => {
      both.resolve();
      await done.promise;
      await plain.from.mustReach(plain.address);
    });
    const figures = await probed(cluster.between(0, 1), async () => {
      await both.promise;
      await killedOvs(b);
      recovery = tellRecovery(await recovered(cluster));
      await a.box.mustReach(b.address);
    });
    done.resolve();
    const beside = await plainFigures;
    console.log(`SIGKILL of ovs-vswitchd: ${tell(figures)}; ${recovery}`);
    console.log(`  a plain bridge meanwhile: ${tell(beside)}`);
    unbroken(figures);
    assert.ok(figures.ping.gap <= beside.ping.gap + 3_000, "more than 3 s beyond plain");
    await b.agent.ready();
    await cluster.agrees();
  });
});

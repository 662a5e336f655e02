import assert from "node:assert/strict";
import { TcpRelay } from "../lab/tcp_relay.ts";
import { Namespace } from "../system/namespace.ts";
import { later, losslessWhileAttached, refused, saysAway, saysBack } from "./assertions.ts";
import { FaultCluster } from "./fault_cluster.ts";
import { tell } from "./figures.ts";
import { probed } from "./probes.ts";
import { recovered, tellRecovery } from "./recovery.ts";

/** How long the whole store is away; CONTIV_FAULT_SECONDS in place of 25. */
const AWAY_S = Number(Deno.env.get("CONTIV_FAULT_SECONDS") ?? 25);
/** Small, so that it is soon full. */
const QUOTA = 8 << 20;
const FILLER = "x".repeat(100_000);
const LATE_MS = 500;

Deno.test("traffic does not notice what happens to the store, and everything comes back with it", async (t) => {
  let relay: TcpRelay | undefined;
  await using cluster = await FaultCluster.start("faultss", {
    etcd: [`--quota-backend-bytes=${QUOTA}`],
    endpoints: async (host, endpoints) => {
      if (host.name !== "c") return endpoints;
      relay = await TcpRelay.start(host, endpoints);
      return relay.endpoints;
    },
  });
  assert.ok(relay);
  const bad = relay;
  await using _ = { [Symbol.asyncDispose]: () => bad.close() };
  const { etcd } = cluster;
  const [a, b, c] = cluster.hosts;
  assert.ok(a && b && c);
  const spare = await Namespace.create(b.host, "spare");

  const step = (
    what: string,
    to: number,
    fault: () => Promise<string>,
    after = () => Promise.resolve(),
  ) =>
    t.step(what, async () => {
      let said = "";
      const figures = await probed(cluster.between(0, to), async () => {
        said = await fault();
      });
      console.log(`${what}: ${tell(figures)}; ${said}`);
      losslessWhileAttached(figures);
      await after();
      for (const { agent } of cluster.hosts) await agent.ready();
      await cluster.agrees();
    });

  for (const role of ["follower", "leader"] as const) {
    let killed = await etcd.leader();
    await step(`SIGKILL of the etcd member that is ${role}`, 1, async () => {
      const leader = await etcd.leader();
      killed = role === "leader"
        ? leader
        : etcd.members.find((member) => member !== leader) ?? leader;
      await killed.kill();
      return tellRecovery(await recovered(cluster));
    }, async () => {
      killed.start();
      await killed.serves();
    });
  }

  await step(`SIGKILL of the whole store for ${AWAY_S} s`, 1, async () => {
    await Promise.all(etcd.members.map((member) => member.kill()));
    const away = performance.now();
    let said = NaN;
    try {
      await refused(b, spare.name, /etcd|store/);
      said = await saysAway(b, away);
      await later(AWAY_S * 1000 - (performance.now() - away));
    } finally {
      for (const member of etcd.members) member.start();
    }
    return `health said it ${said} ms later; ${tellRecovery(await recovered(cluster))}`;
  }, () => saysBack(b));

  await step(`store answers ${LATE_MS} ms late to one agent`, 2, async () => {
    await bad.behave({ late: LATE_MS });
    try {
      return tellRecovery(await recovered(cluster, { on: 2 }));
    } finally {
      await bad.behave({});
    }
  });

  await step("connections to the store are reset at one agent", 2, async () => {
    await Namespace.create(c.host, "spare");
    await bad.behave({ reset: true });
    const since = performance.now();
    let said = NaN;
    try {
      await refused(c, "spare", /etcd|store/);
      said = await saysAway(c, since);
    } finally {
      await bad.behave({});
    }
    return `health said it ${said} ms later; ${tellRecovery(await recovered(cluster, { on: 2 }))}`;
  }, () => saysBack(c));

  await step("store is full (etcd's NOSPACE alarm)", 1, async () => {
    for (let i = 0; !/NOSPACE/.test(await etcd.ctl(["alarm", "list"])); i++) {
      assert.ok(i < 200, "the store does not fill up");
      await etcd.ctl(["put", `/filler/${i}`, FILLER]).catch((error) => {
        assert.match(String(error), /database space exceeded/);
      });
    }
    const write = await a.calls.put("tenants/full", { tenantName: "full" });
    assert.equal(write.status, 503, write.text);
    assert.match(write.text, /space/);
    assert.match((await a.calls.get("networks")).text, /"net"/);
    await refused(b, spare.name, /space/);
    await etcd.ctl(["del", "--prefix", "/filler/"]);
    const { revision } = JSON.parse(await etcd.ctl(["get", "/x", "-w", "json"])).header;
    await etcd.ctl(["compact", String(revision)]);
    await etcd.ctl(["defrag"]);
    await etcd.ctl(["alarm", "disarm"]);
    return tellRecovery(await recovered(cluster));
  });
});

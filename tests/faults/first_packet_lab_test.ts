import assert from "node:assert/strict";
import { waitFor } from "../lab/wait.ts";
import { FaultCluster } from "./fault_cluster.ts";

/** The kernel asks for a neighbour only when what it knows of it is stale. */
const LEARNT_MS = 90_000;

Deno.test("the first packet between two hosts that have never spoken arrives", async () => {
  await using cluster = await FaultCluster.start("faultsf");
  const [, b, c] = cluster.hosts;
  assert.ok(b && c);
  for (const [{ host }, other] of [[b, c], [c, b]] as const) {
    await waitFor(
      `${host.name} to know the tunnel end of ${other.host.name}`,
      async () =>
        (await host.must(["ovs-appctl", "tnl/neigh/show"])).includes(`${other.host.address} `),
      LEARNT_MS,
    );
  }
  await cluster.agrees();
  const { stdout } = await c.box.exec(["ping", "-c", "1", "-W", "1", b.address]);
  assert.match(stdout, /1 received/);
});

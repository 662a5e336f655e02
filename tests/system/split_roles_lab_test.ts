import assert from "node:assert/strict";
import type { Host } from "../lab/host.ts";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Calls } from "./chaos/calls.ts";
import { Contiv } from "./contiv.ts";
import { Namespace } from "./namespace.ts";

const NETWORKS = 20;

const network = (number: number) => ({
  tenantName: "default",
  networkName: `net${number}`,
  encap: "vxlan",
  subnet: `10.1.${number}.0/24`,
  gateway: `10.1.${number}.254`,
});

/** Makes a network at the master; returns the milliseconds from its answer to the first attachment at the agent. */
async function untilAttached(calls: Calls, host: Host, number: number): Promise<number> {
  const name = `net${number}`;
  const created = await calls.put(`networks/default:${name}`, network(number));
  assert.equal(created.status, 200, created.text);
  const start = performance.now();
  await waitFor(`${name} in the agent of ${host.name}`, async () => {
    const reply = await calls.attach({ netns: "/run/netns/one", network: name, name: "probe" });
    return reply.status === 200;
  });
  const elapsed = performance.now() - start;
  assert.equal((await calls.detach("probe")).status, 200);
  return elapsed;
}

Deno.test("master and plugin are two processes on one store, and a container's start needs no master", async (t) => {
  await using lab = await Lab.create({ name: "split" });
  const host = await lab.host("a");
  const master = new Contiv(host, { role: "master" });
  master.launch();
  const plugin = await Contiv.start(host, { role: "plugin" });
  const calls = Calls.open(host);
  await using _ = { [Symbol.asyncDispose]: () => calls.close() };
  await waitFor("the master", async () => (await calls.get("networks")).status === 200);
  const one = await Namespace.create(host, "one");
  await Namespace.create(host, "two");

  await t.step("a network made at the master can be attached to at once", async () => {
    const times: number[] = [];
    for (let number = 1; number <= NETWORKS; number++) {
      times.push(await untilAttached(calls, host, number));
    }
    times.sort((a, b) => a - b);
    const [median = NaN, longest = NaN] = [times[NETWORKS / 2], times.at(-1)];
    console.log(
      `attached ${median.toFixed(0)} ms (median), ${longest.toFixed(0)} ms (longest) later`,
    );
    assert.ok(median <= 100, `${median} ms`);
  });

  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    await t.step(`namespaces are attached and detached after ${signal} of the master`, async () => {
      await master.stop(signal);
      assert.equal((await calls.get("networks")).status, 0, "the master still answers");
      for (const netns of ["one", "two"]) {
        const reply = await calls.attach({ netns, network: "net1" });
        assert.equal(reply.status, 200, reply.text);
      }
      await one.mustReach("10.1.1.2");
      await one.mustReach(lab.outside().address);
      for (const name of ["one", "two"]) assert.equal((await calls.detach(name)).status, 200);
      master.launch();
      await waitFor("the master", async () => (await calls.get("networks")).status === 200);
    });
  }

  await t.step(
    "the master sees what was attached without it, and goes on without the plugin",
    async () => {
      await master.stop("SIGKILL");
      assert.equal((await calls.attach({ netns: "one", network: "net1" })).status, 200);
      await plugin.stop("SIGKILL");
      master.launch();
      await waitFor(
        "the endpoint at the master",
        async () => /"one"/.test((await calls.get("endpoints")).text),
      );
      assert.equal(
        (await calls.put("networks/default:later", { ...network(99), networkName: "later" }))
          .status,
        200,
      );
      await plugin.start();
      assert.equal((await calls.attach({ netns: "two", network: "later" })).status, 200);
      await one.mustReach("10.1.99.1");
    },
  );
});

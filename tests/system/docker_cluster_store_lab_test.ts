/**
 * Engines that share their networks through a cluster store (Docker 20.10 and before): most hosts' drivers are never told of a network
 * that another host's engine made, nor of its removal.
 * @module
 */
import assert from "node:assert/strict";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { DockerCluster } from "./docker_cluster.ts";

Deno.test("Docker engines with a cluster store have each network once, and use it on every host", async (t) => {
  await using lab = await Lab.create({ name: "dockerstore" });
  const cluster = await DockerCluster.start(lab, 2, {
    agent: ["--docker-scope=global"],
    engine: ({ address }, etcd) => ({
      args: [`--cluster-store=etcd://${etcd}`, `--cluster-advertise=${address}:2375`],
    }),
  });
  const [a, b] = [cluster.host(0), cluster.host(1)];
  const started = performance.now();
  const idOf = async (network: string, host = a) =>
    (await host.docker("network", "inspect", "-f", "{{.Id}} {{.Scope}}", network)).trim();

  await t.step("a network that Contiv makes is there once, and both hosts see it", async () => {
    await cluster.ctl("network", "create", "--subnet=10.1.2.0/24", "--gateway=10.1.2.254", "net");
    await cluster.ctl("group", "create", "net", "front");
    await cluster.haveNetworks(["front", "net"]);
    assert.match(await idOf("net"), / global$/);
    assert.equal(await idOf("net", b), await idOf("net"));
  });

  await t.step("containers of both hosts are attached to it and reach each other", async () => {
    await Promise.all([
      a.run("web", "--restart=always", "--net=net"),
      b.run("db", "--restart=always", "--net=net", "--ip=10.1.2.100"),
    ]);
    await a.mustReach("web", "10.1.2.100");
    await b.mustReach("db", await a.address("web"));
  });

  await t.step("containers started at once on both hosts get different addresses", async () => {
    const names = Array.from(
      { length: 8 },
      (_, i) => ({ host: cluster.host(i % 2), name: `m${i}` }),
    );
    await Promise.all(names.map(({ host, name }) => host.run(name, "--net=front")));
    const addresses = await Promise.all(names.map(({ host, name }) => host.address(name)));
    assert.equal(new Set(addresses).size, 8, addresses.join(" "));
    await Promise.all(names.map(({ host, name }) => host.docker("rm", "-f", name)));
  });

  await t.step(
    "a network that a user makes on one host works on the other, which removes it",
    async () => {
      await a.network("--subnet=10.66.0.0/24", "--gateway=10.66.0.1", "shared");
      await cluster.haveNetworks(["front", "net", "shared"]);
      await a.run("one", "--net=shared");
      await b.run("two", "--net=shared");
      await a.mustReach("one", await b.address("two"));
      assert.notEqual((await b.attempt("network", "rm", "shared")).code, 0, "it is in use");
      await a.docker("rm", "-f", "one");
      await b.docker("rm", "-f", "two");
      await b.docker("network", "rm", "shared");
      await cluster.haveNetworks(["front", "net"]);
      assert.doesNotMatch(await cluster.ctl("network", "ls", "-a"), /10\.66\.0\.0/);
    },
  );

  await t.step("a network of Contiv's that a user removes is made again, once", async () => {
    const before = await idOf("front");
    await b.docker("network", "rm", "front");
    await cluster.haveNetworks(["front", "net"]);
    assert.notEqual(await idOf("front"), before);
    assert.equal(await idOf("front", b), await idOf("front"));
  });

  // Calls that come again after the driver's own restart are over by then (docs/docker.md, "Engines with a cluster store").
  await waitFor("repeated calls to be over", () => performance.now() - started > 20_000, 25_000);
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    await t.step(
      `containers come back when the other host's engine restarts after ${signal}`,
      async () => {
        await b.host.stopDocker(signal);
        await b.startEngine();
        await cluster.haveNetworks(["front", "net"]);
        await a.mustReach("web", "10.1.2.100");
      },
    );
  }

  await t.step("while one host is away, the other's agent keeps the networks", async () => {
    for (const away of [a, b]) {
      await away.host.stopDocker("SIGKILL");
      const there = away === a ? b : a;
      await cluster.ctl("network", "create", "--subnet=10.1.8.0/24", "late");
      await cluster.haveNetworks(["front", "late", "net"], [there]);
      await cluster.ctl("network", "rm", "late");
      await cluster.haveNetworks(["front", "net"], [there]);
      await away.startEngine();
      await cluster.haveNetworks(["front", "net"]);
    }
    await a.mustReach("web", "10.1.2.100");
  });

  await t.step("when the agent that keeps the networks is killed, the other one does", async () => {
    const get = ["etcdctl", "get", "--print-value-only", "/contiv.io/lock/docker/networks"];
    const env = { ETCDCTL_API: "3" };
    const holder = (await lab.outside().must(get, { env })).trim();
    const [killed, other] = holder === a.host.name ? [a, b] : [b, a];
    await killed.contiv.stop("SIGKILL");
    await other.docker("network", "rm", "front");
    await cluster.haveNetworks(["front", "net"]);
    await killed.contiv.start();
  });

  await t.step("removed, nothing is left in the engines or in the store", async () => {
    await Promise.all([a.docker("rm", "-f", "web"), b.docker("rm", "-f", "db")]);
    await cluster.ctl("group", "rm", "front");
    await cluster.ctl("network", "rm", "net");
    await cluster.haveNetworks([]);
    await waitFor("the records to go", async () => {
      const list = ["etcdctl", "get", "--prefix", "--keys-only", "/contiv.io/oper/docknet/"];
      const keys = await lab.outside().must(list, { env: { ETCDCTL_API: "3" } });
      return keys.trim() === "";
    });
  });
});

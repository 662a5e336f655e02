/**
 * Engines on several hosts that share nothing with each other, and one Contiv cluster: the same networks everywhere.
 * @module
 */
import assert from "node:assert/strict";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { DockerCluster, type DockerHost, NETWORK_CREATE } from "./docker_cluster.ts";

const SHOP = ["--subnet=10.66.0.0/24", "--gateway=10.66.0.1", "-o", "network=shop"];

Deno.test("Docker engines of several hosts have the same networks, and their containers reach each other", async (t) => {
  await using lab = await Lab.create({ name: "dockerhosts" });
  const cluster = await DockerCluster.start(lab, 3);
  const [a, b, c] = [cluster.host(0), cluster.host(1), cluster.host(2)];
  /** Until the store calls the endpoint by its container's name. */
  const named = async (container: string) => {
    const start = performance.now();
    await waitFor(`the name of ${container}`, async () => {
      const { code, stdout } = await a.contiv.run(["endpoint", "inspect", container]);
      return code === 0 && JSON.parse(stdout).Oper.containerName === container;
    }, 10_000);
    console.log(
      `${container} is known by its name after ${Math.round(performance.now() - start)} ms`,
    );
  };

  await t.step("a network that Contiv makes appears on every host", async () => {
    await cluster.ctl("network", "create", "--subnet=10.1.2.0/24", "--gateway=10.1.2.254", "net");
    await cluster.haveNetworks(["net"]);
  });

  await t.step("containers of two hosts reach each other, and are known by name", async () => {
    await a.run("web", "--net=net");
    await named("web");
    await b.run("db", "--restart=always", "--net=net", "--ip=10.1.2.100");
    await named("db");
    await a.mustReach("web", "10.1.2.100");
    await b.mustReach("db", await a.address("web"));
  });

  await t.step("twenty containers at once on three hosts get twenty addresses", async () => {
    const runs = Array.from({ length: 20 }, (_, i) => {
      const host = cluster.host(i % 3);
      return { host, name: `many${i}` };
    });
    await Promise.all(runs.map(({ host, name }) => host.run(name, "--net=net")));
    const addresses = await Promise.all(runs.map(({ host, name }) => host.address(name)));
    assert.equal(new Set([...addresses, "10.1.2.100", await a.address("web")]).size, 22);
    await a.mustReach("web", addresses[1] ?? "");
    await Promise.all([a, b, c].map((host) => {
      const names = runs.filter((run) => run.host === host).map(({ name }) => name);
      return host.docker("rm", "-f", ...names);
    }));
    const inspected = await cluster.ctl("network", "inspect", "net");
    assert.match(
      JSON.parse(inspected).Oper.allocatedIPAddresses,
      /^10\.1\.2\.1, 10\.1\.2\.100, 10\.1\.2\.254$/,
      "all are released",
    );
  });

  await t.step(
    "a network that a user makes on one host is on the others, by the name given to Contiv",
    async () => {
      await a.network(...SHOP, "mine");
      await cluster.haveNetworks(["mine", "net"], [a]);
      await cluster.haveNetworks(["net", "shop"], [b, c]);
      await a.run("till", "--net=mine");
      await b.run("shelf", "--net=shop");
      await a.mustReach("till", await b.address("shelf"));
    },
  );

  await t.step("removed while another host uses it, it stays and comes back", async () => {
    await a.docker("rm", "-f", "till");
    await a.docker("network", "rm", "mine");
    await cluster.haveNetworks(["net", "shop"]);
    assert.match(
      a.contiv.tail(20_000),
      /network shop stays and comes back: .*remove shelf on b first/,
    );
    await a.run("till", "--net=shop");
    await a.mustReach("till", await b.address("shelf"));
    await a.docker("rm", "-f", "till");
  });

  await t.step("removed on a host that did not make it, it comes back", async () => {
    await c.docker("network", "rm", "shop");
    await cluster.haveNetworks(["net", "shop"]);
  });

  await t.step("removed where it was made, it goes everywhere", async () => {
    await b.docker("rm", "-f", "shelf");
    await a.docker("network", "rm", "shop");
    await cluster.haveNetworks(["net"]);
    assert.doesNotMatch(await cluster.ctl("network", "ls", "-a"), /shop/);
  });

  await t.step("made on two hosts at the same time, it is one network", async () => {
    const both = ["--subnet=10.67.0.0/24", "--gateway=10.67.0.1", "-o", "network=both", "both"];
    const made = await Promise.all(
      [a, b].map((host) => host.attempt(...NETWORK_CREATE, ...both)),
    );
    assert.ok(made.some(({ code }) => code === 0), JSON.stringify(made));
    for (const { code, stderr } of made) if (code !== 0) assert.match(stderr, /already exists/);
    await cluster.haveNetworks(["both", "net"]);
    await Promise.all([a.run("one", "--net=both"), b.run("two", "--net=both")]);
    await a.mustReach("one", await b.address("two"));
    await a.docker("rm", "-f", "one");
    await b.docker("rm", "-f", "two");
    await cluster.ctl("network", "rm", "both");
    await cluster.haveNetworks(["net"]);
  });

  await t.step("a user's second network of one Contiv network is left as it is", async () => {
    await c.network("--ipam-opt=network=net", "-o", "network=net", "alias");
    await c.run("guest", "--net=alias");
    await c.mustReach("guest", "10.1.2.100");
    await cluster.haveNetworks(["alias", "net"], [c]);
    await c.docker("rm", "-f", "guest");
    await c.docker("network", "rm", "alias");
  });

  const changes = async (from: string, to: string) => {
    await cluster.ctl("network", "create", "--subnet=10.1.8.0/24", to);
    if (from !== "") await cluster.ctl("network", "rm", from);
  };
  await t.step("an engine that was down agrees again", async () => {
    await changes("", "first");
    await cluster.haveNetworks(["first", "net"]);
    await b.host.stopDocker("SIGKILL");
    await cluster.ctl("network", "rm", "first");
    await cluster.ctl("network", "create", "--subnet=10.1.9.0/24", "first");
    await cluster.ctl("network", "create", "--subnet=10.1.10.0/24", "second");
    await b.startEngine();
    await cluster.haveNetworks(["first", "net", "second"]);
    assert.match(await b.docker("network", "inspect", "first"), /10\.1\.9\.0/);
    await named("db");
    await a.mustReach("web", "10.1.2.100");
  });

  await t.step("a host that was away altogether agrees again", async () => {
    await b.contiv.stop("SIGKILL");
    await b.host.stopDocker("SIGKILL");
    await cluster.ctl("network", "rm", "second");
    await c.network("--subnet=10.68.0.0/24", "-o", "network=third", "third");
    await Promise.all([b.contiv.start(), b.startEngine()]);
    await cluster.haveNetworks(["first", "net", "third"]);
    await named("db");
    await a.mustReach("web", "10.1.2.100");
  });

  await t.step(
    "without containers and networks nothing is left in any engine or in the store",
    async () => {
      await Promise.all([a.docker("rm", "-f", "web"), b.docker("rm", "-f", "db")]);
      await c.docker("network", "rm", "third");
      for (const name of ["net", "first"]) await cluster.ctl("network", "rm", name);
      await cluster.haveNetworks([]);
      assert.deepEqual(await portsOf([a, b, c]), []);
      await waitFor("the records to go", async () => {
        const keys = await lab.outside().must([
          "etcdctl",
          "get",
          "--prefix",
          "--keys-only",
          "/contiv.io/oper/docknet/",
        ], { env: { ETCDCTL_API: "3" } });
        return keys.trim() === "";
      });
    },
  );
});

/** Ports of the bridges that are containers'. */
async function portsOf(hosts: readonly DockerHost[]): Promise<string[]> {
  const lists = await Promise.all(
    hosts.map(({ host }) => host.must(["ovs-vsctl", "list-ports", "contiv0"])),
  );
  return lists.flatMap((list) => list.split("\n").filter((port) => port.startsWith("vvport")));
}

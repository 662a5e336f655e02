/**
 * What engines do that share nothing with their driver's life: stopped, killed, booted with everything else; and what users make in
 * them by hand.
 * @module
 */
import assert from "node:assert/strict";
import type { Host } from "../lab/host.ts";
import { IMAGE } from "../lab/image.ts";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Contiv } from "./contiv.ts";

class Engine {
  constructor(readonly host: Host, readonly contiv: Contiv) {}

  docker(...argv: string[]): Promise<string> {
    return this.host.must(["/usr/bin/docker", ...argv], { deadline: 60_000 });
  }

  /** What the engine says when it refuses. */
  async refusal(...argv: string[]): Promise<string> {
    const { code, stderr } = await this.host.exec(["/usr/bin/docker", ...argv]);
    assert.notEqual(code, 0, argv.join(" "));
    return stderr;
  }

  run(name: string, ...argv: string[]): Promise<string> {
    return this.docker("run", "-d", "--init", "--name", name, ...argv, IMAGE, "sleep", "100000");
  }

  /** `docker network create` with both of our drivers. */
  network(...argv: string[]): Promise<string> {
    return this.docker(...NETWORK_CREATE, ...argv);
  }

  mustReach(name: string, address: string): Promise<unknown> {
    const ping = ["/usr/bin/docker", "exec", name, "ping", "-c", "1", "-W", "1", address];
    return waitFor(
      `${name} to reach ${address}`,
      async () => (await this.host.exec(ping)).code === 0,
      20_000,
    );
  }

  async address(name: string, family: "IPAddress" | "GlobalIPv6Address" = "IPAddress") {
    const format = `{{range .NetworkSettings.Networks}}{{.${family}}}{{end}}`;
    return (await this.docker("inspect", "-f", format, name)).trim();
  }

  has(network: string): Promise<unknown> {
    return waitFor(
      `Docker's network ${network}`,
      async () =>
        (await this.host.exec(["/usr/bin/docker", "network", "inspect", network])).code === 0,
    );
  }

  /** Ports of the bridge that are containers'. */
  async ports(): Promise<string[]> {
    const ports = await this.host.must(["ovs-vsctl", "list-ports", "contiv0"]);
    return ports.trim().split("\n").filter((port) => port.startsWith("vvport"));
  }

  async allocated(network: string): Promise<string> {
    const inspected = await this.contiv.ctl("network", "inspect", network);
    return JSON.parse(inspected).Oper.allocatedIPAddresses;
  }
}

const NETWORK_CREATE = [
  "network",
  "create",
  "--driver=netplugin",
  "--ipam-driver=netplugin",
];

Deno.test("networks that users make in Docker are what they asked for", async (t) => {
  await using lab = await Lab.create({ name: "dockernets" });
  const host = await lab.host("a");
  const [contiv] = await Promise.all([Contiv.start(host), host.startDocker()]);
  const engine = new Engine(host, contiv);
  const docker = (...argv: string[]) => engine.docker(...argv);

  await t.step("--ip-range and --aux-address bound what is handed out", async () => {
    await engine.network(
      "--subnet=10.66.0.0/24",
      "--ip-range=10.66.0.8/30",
      "--gateway=10.66.0.1",
      "--aux-address=printer=10.66.0.9",
      "ranged",
    );
    await engine.run("r1", "--net=ranged");
    await engine.run("r2", "--net=ranged");
    const addresses = [await engine.address("r1"), await engine.address("r2")];
    for (const address of addresses) assert.match(address, /^10\.66\.0\.(8|10|11)$/);
    assert.match(
      await engine.refusal("run", "--rm", "--net=ranged", "--ip=10.66.0.9", IMAGE, "true"),
      /10\.66\.0\.9/,
    );
    await engine.mustReach("r1", addresses[1] ?? "");
    await docker("rm", "-f", "r1", "r2");
  });
  await t.step("without --subnet a free pool is chosen, for each network another", async () => {
    await engine.network("free1");
    await engine.network("free2");
    await engine.run("f1", "--net=free1");
    await engine.run("f2", "--net=free2");
    assert.match(await engine.address("f1"), /^10\.192\.0\./);
    assert.match(await engine.address("f2"), /^10\.192\.1\./);
    await docker("rm", "-f", "f1", "f2");
  });
  await t.step("--ipv6 gives addresses of both families, chosen or asked for", async () => {
    await engine.network("--ipv6", "--subnet=10.59.0.0/24", "--subnet=fd00:59::/64", "six");
    await engine.run("s1", "--net=six");
    await engine.run("s2", "--net=six", "--ip6=fd00:59::77");
    assert.match(await engine.address("s1", "GlobalIPv6Address"), /^fd00:59::/);
    assert.equal(await engine.address("s2", "GlobalIPv6Address"), "fd00:59::77");
    await engine.mustReach("s1", "fd00:59::77");
    await docker("rm", "-f", "s1", "s2");
  });
  await t.step("Docker's own IPAM may choose the addresses", async () => {
    await docker("network", "create", "--driver=netplugin", "--subnet=10.57.0.0/24", "plain");
    await engine.run("p1", "--net=plain");
    await engine.run("p2", "--net=plain");
    await engine.mustReach("p1", "p2");
    await docker("rm", "-f", "p1", "p2");
  });
  await t.step("-o network= attaches to a Contiv network, whose pool it must be", async () => {
    await contiv.ctl("network", "create", "--subnet=10.1.4.0/24", "--gateway=10.1.4.254", "mine");
    await engine.has("mine");
    assert.match(
      await engine.refusal(
        ...NETWORK_CREATE,
        "--subnet=10.1.5.0/24",
        "--ipam-opt=network=mine",
        "x",
      ),
      /10\.1\.5\.0\/24 is not the subnet/,
    );
    assert.match(
      await engine.refusal(...NETWORK_CREATE, "--subnet=10.1.4.0/25", "y"),
      /conflicts with subnet 10\.1\.4\.0\/25/,
    );
  });
  await t.step("a Contiv network's Docker network that a user removes is made again", async () => {
    const before = await docker("network", "inspect", "-f", "{{.Id}}", "mine");
    await docker("network", "rm", "mine");
    await engine.has("mine");
    assert.notEqual(await docker("network", "inspect", "-f", "{{.Id}}", "mine"), before);
    await engine.run("m1", "--net=mine");
    await engine.mustReach("m1", "10.1.4.254");
    await docker("rm", "-f", "m1");
  });
  await t.step("a name that another driver's network has is left alone and reported", async () => {
    await docker("network", "create", "--driver=bridge", "taken");
    await contiv.ctl("network", "create", "--subnet=10.1.6.0/24", "taken");
    await waitFor(
      "the report",
      () => /network name used by another driver: Docker's network taken/.test(contiv.tail(10_000)),
    );
    assert.equal(
      (await docker("network", "inspect", "-f", "{{.Driver}}", "taken")).trim(),
      "bridge",
    );
    await docker("network", "rm", "taken");
    await engine.has("taken");
  });
  await t.step("a group's pool is what its containers get addresses of", async () => {
    await contiv.ctl("group", "create", "--ip-pool=10.1.4.100-10.1.4.101", "mine", "pooled");
    await engine.has("pooled");
    await engine.run("g1", "--net=pooled");
    await engine.run("g2", "--net=pooled");
    await engine.run("m2", "--net=mine");
    assert.deepEqual(
      [await engine.address("g1"), await engine.address("g2")].sort(),
      ["10.1.4.100", "10.1.4.101"],
    );
    assert.equal(await engine.address("m2"), "10.1.4.1");
    await engine.refusal("run", "--rm", "--net=pooled", IMAGE, "true");
    await docker("rm", "-f", "g1", "g2", "m2");
  });
  await t.step("removed networks leave nothing in the store", async () => {
    await docker("network", "rm", "ranged", "free1", "free2", "six", "plain");
    assert.doesNotMatch(await contiv.ctl("network", "ls", "-a"), /10\.(66|192|59|57)\./);
    assert.equal(await engine.allocated("mine"), "10.1.4.100-10.1.4.101, 10.1.4.254", "its own");
    assert.deepEqual(await engine.ports(), []);
  });
});

Deno.test("containers come back however their engine and host went", async (t) => {
  await using lab = await Lab.create({ name: "dockerlife" });
  const host = await lab.host("a");
  const [contiv] = await Promise.all([Contiv.start(host), host.startDocker()]);
  const engine = new Engine(host, contiv);
  await contiv.ctl("network", "create", "--subnet=10.1.2.0/24", "--gateway=10.1.2.254", "net1");
  await engine.has("net1");
  await engine.run("web", "--restart=always", "--net=net1");
  await engine.run("db", "--restart=always", "--net=net1", "--ip=10.1.2.100");
  await engine.run("once", "--net=net1");
  const startOf = async () =>
    (await engine.docker("inspect", "-f", "{{.State.StartedAt}}", "web")).trim();
  let started = await startOf();
  const allAsBefore = async () => {
    await engine.mustReach("web", "10.1.2.100");
    await engine.mustReach("web", "10.1.2.254");
    await waitFor("two ports", async () => (await engine.ports()).length === 2, 20_000);
    assert.match(await engine.allocated("net1"), /^10\.1\.2\.\d+, 10\.1\.2\.100, 10\.1\.2\.254$/);
    const before = started;
    started = await startOf();
    assert.notEqual(started, before, "it was started anew");
  };
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    await t.step(`dockerd restarts after ${signal} without live-restore`, async () => {
      await host.stopDocker(signal);
      await host.startDocker();
      await allAsBefore();
    });
  }
  const starts: Readonly<Record<string, () => Promise<unknown>>> = {
    "contiv ahead of dockerd": async () => {
      await contiv.start();
      await host.startDocker();
    },
    "dockerd and contiv at once": () => Promise.all([host.startDocker(), contiv.start()]),
  };
  for (const [order, start] of Object.entries(starts)) {
    await t.step(`the host loses power, and boots with ${order}`, async () => {
      await contiv.stop("SIGKILL");
      await host.stopDocker("SIGKILL");
      await host.must(["sh", "-c", LOSE_POWER]);
      await host.startOvs();
      await start();
      await allAsBefore();
    });
  }
});

/** What goes with a machine's power and not with the daemons': containers, links, what is in /run. */
const LOSE_POWER = `
kill -9 $(cat /run/openvswitch/*.pid) $(ps -eo pid,comm | awk '/containerd|sleep|docker-init/ {print $1}')
rm -rf /run/docker /run/docker.* /run/contiv
for link in $(ls /sys/class/net); do case $link in *port*|contivh*) ip link del $link;; esac; done
:`;

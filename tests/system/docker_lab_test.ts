import assert from "node:assert/strict";
import { IMAGE } from "../lab/image.ts";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Contiv } from "./contiv.ts";
import { deafDriver, PLUGIN_SOCKET } from "./deaf_driver.ts";
import { pingDuring } from "./ping.ts";

Deno.test("containers of a real Docker engine live on Contiv networks", async (t) => {
  await using lab = await Lab.create({ name: "docker" });
  const host = await lab.host("a");
  const outside = lab.outside();
  const [contiv] = await Promise.all([Contiv.start(host), host.startDocker({ liveRestore: true })]);
  const docker = (...argv: string[]) =>
    host.must(["/usr/bin/docker", ...argv], { deadline: 60_000 });
  const networks = async () =>
    (await docker("network", "ls", "--format", "{{.Name}} {{.Driver}}")).trim().split("\n");
  const run = (name: string, ...argv: string[]) =>
    docker("run", "-d", "--init", "--name", name, ...argv, IMAGE, "sleep", "100000");
  const reaches = async (name: string, address: string) =>
    (await host.exec(["/usr/bin/docker", "exec", name, "ping", "-c", "1", "-W", "1", address]))
      .code === 0;
  const mustReach = async (name: string, address: string): Promise<void> =>
    void await waitFor(`${name} to reach ${address}`, () => reaches(name, address), 5_000);
  const pidOf = async (name: string) =>
    (await docker("inspect", "-f", "{{.State.Pid}}", name)).trim();

  await t.step("networks and groups appear in Docker under the original's names", async () => {
    await contiv.ctl(
      "network",
      "create",
      "--subnet=10.1.2.0/24",
      "--gateway=10.1.2.254",
      "--subnetv6=2001:db8:1:2::/64",
      "--gatewayv6=2001:db8:1:2::fe",
      "contiv-net",
    );
    await contiv.ctl("network", "create", "--subnet=10.1.3.0/24", "--gateway=10.1.3.254", "second");
    await contiv.ctl("group", "create", "contiv-net", "web-group");
    await contiv.ctl("tenant", "create", "blue");
    await contiv.ctl(
      "network",
      "create",
      "-t",
      "blue",
      "--subnet=10.1.2.0/24",
      "--gateway=10.1.2.254",
      "contiv-net",
    );
    await waitFor("Docker's networks", async () => {
      const list = await networks();
      return ["contiv-net", "second", "web-group", "contiv-net/blue"].every((name) =>
        list.includes(`${name} netplugin`)
      );
    });
  });
  await t.step(
    "containers ping each other, the gateway and the outside, over both families",
    async () => {
      await run("web", "--net=contiv-net");
      await run("db", "--net=contiv-net");
      for (
        const address of [
          "10.1.2.2",
          "2001:db8:1:2::2",
          "10.1.2.254",
          "2001:db8:1:2::fe",
          outside.address,
          outside.address6,
        ]
      ) {
        await mustReach("web", address);
      }
    },
  );
  await t.step("Docker's own DNS finds a container by name", () => mustReach("web", "db"));
  await t.step("the endpoint is found by the container's name", async () => {
    await waitFor(
      "the name",
      async () => (await contiv.run(["endpoint", "inspect", "web"])).code === 0,
    );
    const inspected = JSON.parse(await contiv.ctl("endpoint", "inspect", "web"));
    assert.equal(inspected.Oper.containerName, "web");
    assert.deepEqual(inspected.Oper.ipAddress, ["10.1.2.1", "2001:db8:1:2::1"]);
  });
  await t.step("--ip, --ip6 and --mac-address are what the container gets", async () => {
    await run(
      "fixed",
      "--net=contiv-net",
      "--ip=10.1.2.100",
      "--ip6=2001:db8:1:2::100",
      "--mac-address=02:aa:bb:cc:dd:01",
    );
    const shown = await docker("exec", "fixed", "ip", "addr", "show", "eth0");
    for (const part of ["10.1.2.100/24", "2001:db8:1:2::100/64", "02:aa:bb:cc:dd:01"]) {
      assert.ok(shown.includes(part), shown);
    }
    await mustReach("web", "10.1.2.100");
    await mustReach("fixed", "2001:db8:1:2::1");
  });
  await t.step("an address in use is refused, and nothing stays behind", async () => {
    const refused = await host.exec([
      "docker",
      "run",
      "--rm",
      "--net=contiv-net",
      "--ip=10.1.2.100",
      IMAGE,
      "true",
    ]);
    assert.notEqual(refused.code, 0);
    console.log(refused.stderr.trim().split("\n").at(-1));
    await mustReach("web", "10.1.2.100");
  });
  await t.step("a container may be on several networks", async () => {
    await run("both", "--net=contiv-net");
    await docker("network", "connect", "second", "both");
    await run("far", "--net=second");
    await mustReach("both", "10.1.2.1");
    await mustReach("far", "10.1.3.1");
    await docker("network", "disconnect", "second", "both");
    assert.equal(await reaches("far", "10.1.3.1"), false);
  });
  await t.step("tenants with the same addresses are isolated", async () => {
    await run("blue", "--net=contiv-net/blue", "--ip=10.1.2.77");
    await mustReach("blue", outside.address);
    assert.equal(await reaches("web", "10.1.2.77"), false);
    assert.equal(await reaches("blue", "10.1.2.2"), false);
  });
  await t.step("eight containers at once get eight addresses", async () => {
    const names = Array.from({ length: 8 }, (_, i) => `many${i}`);
    await Promise.all(names.map((name) => run(name, "--net=web-group")));
    const addresses = await Promise.all(
      names.map(async (name) =>
        (await docker(
          "inspect",
          "-f",
          "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
          name,
        )).trim()
      ),
    );
    assert.equal(new Set(addresses).size, 8, addresses.join(" "));
    await docker("rm", "-f", ...names);
  });
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    await t.step(
      `no packet between containers is lost while contiv restarts after ${signal}`,
      async () => {
        const enter = ["nsenter", `--target=${await pidOf("web")}`, "--net", "--"];
        const result = await pingDuring(host, enter, "10.1.2.2", () => contiv.restart(signal));
        console.log(`${signal}: ${result.received} of ${result.sent} echo requests answered`);
        assert.ok(result.sent - result.received <= 1, JSON.stringify(result));
        await mustReach("web", outside.address);
      },
    );
  }
  await t.step("stop releases the address, start takes one again", async () => {
    await docker("stop", "-t", "0", "db");
    assert.equal(await reaches("web", "10.1.2.2"), false);
    await docker("start", "db");
    await mustReach("web", "db");
  });
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    await t.step(
      `containers go on with their network while dockerd restarts after ${signal} with live-restore`,
      async () => {
        await host.stopDocker(signal);
        await host.startDocker({ liveRestore: true });
        await mustReach("web", "10.1.2.100");
        await run("after", "--net=contiv-net");
        await mustReach("after", "10.1.2.100");
        await docker("rm", "-f", "after");
      },
    );
  }
  await t.step("a network that a user makes in Docker works, internal too", async () => {
    await docker(
      "network",
      "create",
      "-d",
      "netplugin",
      "--ipam-driver",
      "netplugin",
      "--subnet=10.9.0.0/24",
      "--gateway=10.9.0.1",
      "own",
    );
    await docker(
      "network",
      "create",
      "-d",
      "netplugin",
      "--ipam-driver",
      "netplugin",
      "--internal",
      "--subnet=10.10.0.0/24",
      "closed",
    );
    await run("own1", "--net=own");
    await run("own2", "--net=own");
    await run("closed1", "--net=closed");
    await run("closed2", "--net=closed");
    await mustReach("own1", "own2");
    await mustReach("own1", outside.address);
    await mustReach("closed1", "closed2");
    assert.equal(await reaches("closed1", outside.address), false);
    await docker("rm", "-f", "own1", "own2", "closed1", "closed2");
    await docker("network", "rm", "own", "closed");
    assert.doesNotMatch(await contiv.ctl("network", "ls", "-a"), /10\.9\.0|10\.10\.0/);
  });
  await t.step("a network in use is not deleted, and says by whom", async () => {
    const refused = await contiv.run(["network", "rm", "contiv-net"]);
    assert.equal(refused.code, 3);
    console.log(refused.stderr.trim());
  });
  await t.step(
    "a container can be removed and started while contiv is away for a moment",
    async () => {
      await contiv.stop("SIGKILL");
      const removed = docker("rm", "-f", "blue");
      const started = run("patient", "--net=second");
      await contiv.start();
      await Promise.all([removed, started]);
      await mustReach("patient", "10.1.3.254");
      await docker("rm", "-f", "patient");
    },
  );
  await t.step("containers removed while contiv was down leave nothing behind", async () => {
    const addresses = async (): Promise<string> =>
      JSON.parse(await contiv.ctl("network", "inspect", "contiv-net")).Oper.allocatedIPAddresses;
    assert.match(await addresses(), /10\.1\.2\.3/);
    await contiv.stop("SIGKILL");
    // The engine gives up on an absent driver after 15 s a call, and forgets the container all the same.
    const deaf = await deafDriver(host.path(PLUGIN_SOCKET));
    await docker("rm", "-f", "both");
    await deaf.close();
    const start = performance.now();
    await contiv.start();
    await waitFor(
      "the sweep of both",
      async () => !/10\.1\.2\.3/.test(await addresses()),
      // Two looks 5 s apart; what is younger than 30 s is left alone until then.
      35_000,
    );
    console.log(`swept ${Math.round(performance.now() - start)} ms after the start`);
    await mustReach("web", "10.1.2.100");
  });
  await t.step(
    "after everything is removed no port, link or flow of an endpoint is left",
    async () => {
      await host.must(["sh", "-c", "/usr/bin/docker rm -f $(/usr/bin/docker ps -aq)"], {
        deadline: 60_000,
      });
      await contiv.ctl("group", "rm", "web-group");
      for (const network of ["second", "contiv-net"]) await contiv.ctl("network", "rm", network);
      await waitFor(
        "Docker's networks to go",
        async () =>
          !(await networks()).some((name) => /^(contiv-net|second|web-group) /.test(name)),
      );
      assert.equal((await host.must(["ovs-vsctl", "list-ports", "contiv0"])).trim(), "contivh0");
      assert.doesNotMatch(await host.must(["ip", "-o", "link"]), /vport/);
    },
  );
});

import assert from "node:assert/strict";
import { Lab } from "../lab/lab.ts";
import { Contiv } from "./contiv.ts";
import { Namespace } from "./namespace.ts";

Deno.test("contiv up connects network namespaces: same network, across networks, gateway, host and outside, both families", async (t) => {
  await using lab = await Lab.create({ name: "system" });
  const host = await lab.host("a");
  const outside = lab.outside();
  const contiv = await Contiv.start(host);
  await contiv.ctl(
    "network",
    "create",
    "--subnet=10.1.2.0/24",
    "--gateway=10.1.2.254",
    "--subnetv6=2001:db8:1:2::/64",
    "--gatewayv6=2001:db8:1:2::fe",
    "contiv-net",
  );
  await contiv.ctl(
    "network",
    "create",
    "--subnet=10.1.3.0/24",
    "--gateway=10.1.3.254",
    "--subnetv6=2001:db8:1:3::/64",
    "--gatewayv6=2001:db8:1:3::fe",
    "second-net",
  );
  const [web, db, far] = [
    await Namespace.create(host, "web"),
    await Namespace.create(host, "db"),
    await Namespace.create(host, "far"),
  ];
  const attach = (name: string, network: string, ...more: string[]) =>
    contiv.ctl("endpoint", "attach", `--netns=${name}`, `--network=${network}`, ...more);
  console.log(await attach("web", "contiv-net"));
  await attach("db", "contiv-net");
  await attach("far", "second-net", "--ip=10.1.3.77");

  await t.step("addresses are given in order, and the one asked for is given", async () => {
    assert.match(await web.must(["ip", "-4", "addr", "show", "eth0"]), /10\.1\.2\.1\/24/);
    assert.match(await db.must(["ip", "-4", "addr", "show", "eth0"]), /10\.1\.2\.2\/24/);
    assert.match(await far.must(["ip", "-4", "addr", "show", "eth0"]), /10\.1\.3\.77\/24/);
  });
  for (
    const [what, from, address] of [
      ["another namespace", web, "10.1.2.2"],
      ["another namespace by IPv6", web, "2001:db8:1:2::2"],
      ["another network of the tenant", web, "10.1.3.77"],
      ["another network of the tenant by IPv6", far, "2001:db8:1:2::1"],
      ["the gateway", web, "10.1.2.254"],
      ["the gateway by IPv6", web, "2001:db8:1:2::fe"],
      ["the host", web, host.address],
      ["the host by IPv6", web, host.address6],
      ["the outside", web, outside.address],
      ["the outside by IPv6", web, outside.address6],
    ] as const
  ) {
    await t.step(`a namespace reaches ${what}`, () => from.mustReach(address));
  }
  await t.step("the host reaches a namespace by its private address", async () => {
    await host.must(["ping", "-c", "1", "-W", "2", "172.19.0.1"]);
  });
  await t.step("nobody answers for an address that nobody has", async () => {
    assert.equal(await web.reaches("10.1.2.99"), false);
  });
  await t.step("TCP carries data", async () => {
    const server = host.spawn([
      "nsenter",
      "--net=/run/netns/db",
      "--",
      "iperf3",
      "--server",
      "--one-off",
    ]);
    await db.must(["sh", "-c", "until ss -ltn | grep -q 5201; do :; done"]);
    assert.match(
      await web.must(["iperf3", "--client", "10.1.2.2", "--time", "1", "--json"]),
      /"bits_per_second"/,
    );
    await server.status;
  });
  await t.step("a detached namespace is gone from the switch and the store", async () => {
    await contiv.ctl("endpoint", "detach", "db");
    assert.equal(await web.reaches("10.1.2.2"), false);
    assert.doesNotMatch(await host.must(["ovs-vsctl", "list-ports", "contiv0"]), /vvport2/);
  });
  await t.step("tenants are isolated though their addresses overlap", async () => {
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
    const blue = await Namespace.create(host, "blue");
    await attach("blue", "contiv-net", "--tenant=blue", "--ip=10.1.2.50");
    await blue.mustReach("10.1.2.254");
    await blue.mustReach(outside.address);
    assert.equal(await blue.reaches("10.1.2.1"), false);
    assert.equal(await web.reaches("10.1.2.50"), false);
    assert.equal(await blue.reaches("172.19.0.1"), false);
  });
  await t.step("SIGTERM ends it within 5 s and traffic goes on", async () => {
    const start = performance.now();
    const status = await contiv.stop();
    assert.equal(status.code, 0, contiv.tail());
    assert.ok(performance.now() - start < 5000);
    await web.mustReach(outside.address);
  });
});

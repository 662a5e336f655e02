import assert from "node:assert/strict";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Cluster, flowsOf, forgets } from "./cluster.ts";
import { Contiv } from "./contiv.ts";
import { pingDuring } from "./ping.ts";

const NETWORK = [
  "--subnet=10.1.2.0/24",
  "--gateway=10.1.2.254",
  "--subnetv6=2001:db8:1:2::/64",
  "--gatewayv6=2001:db8:1:2::fe",
];

Deno.test("hosts find each other, and their containers reach each other, in routing mode", async (t) => {
  await using lab = await Lab.create({ name: "twohosts" });
  const cluster = await Cluster.start(lab, 2, { master: ["--host-grace=3s"] });
  const [a, b] = [cluster.member(0), cluster.member(1)];
  await cluster.ctl("network", "create", ...NETWORK, "net");
  await cluster.ctl("network", "create", "--subnet=10.1.3.0/24", "--gateway=10.1.3.254", "second");
  const web = await cluster.attach(0, "web", "--network=net");
  const db = await cluster.attach(1, "db", "--network=net");
  const far = await cluster.attach(1, "far", "--network=second");

  for (
    const [what, from, address] of [
      ["of the same network", web, "10.1.2.2"],
      ["by IPv6", web, "2001:db8:1:2::2"],
      ["of another network", web, "10.1.3.1"],
      ["from the other side", far, "10.1.2.1"],
    ] as const
  ) {
    await t.step(
      `a container reaches one on the other host ${what}`,
      () => from.mustReach(address),
    );
  }

  await t.step("TCP carries data between hosts", async () => {
    const server = b.host.spawn(["nsenter", "--net=/run/netns/db", "--", "iperf3", "-s", "-1"]);
    await db.must(["sh", "-c", "until ss -ltn | grep -q 5201; do :; done"]);
    const report = await web.must(["iperf3", "-c", "10.1.2.2", "-n", "4M", "--json"]);
    assert.match(report, /"bits_per_second"/);
    await server.status;
  });

  await t.step("two tenants with the same addresses stay apart", async () => {
    await cluster.ctl("tenant", "create", "blue");
    await cluster.ctl("network", "create", "-t", "blue", ...NETWORK, "net");
    const here = await cluster.attach(
      0,
      "bluea",
      "--network=net",
      "--tenant=blue",
      "--ip=10.1.2.50",
    );
    const there = await cluster.attach(
      1,
      "blueb",
      "--network=net",
      "--tenant=blue",
      "--ip=10.1.2.2",
    );
    await here.mustReach("10.1.2.2");
    await there.mustReach("10.1.2.50");
    assert.equal(await web.reaches("10.1.2.50"), false);
    const blue = (await here.must(["ping", "-c", "3", "-W", "1", "10.1.2.2"])).includes(
      "3 received",
    );
    assert.ok(blue);
    await b.agent.ctl("endpoint", "detach", "blueb");
    assert.equal(await here.reaches("10.1.2.2"), false, "the other tenant answers");
    await web.mustReach("10.1.2.2");
    await a.agent.ctl("endpoint", "detach", "bluea");
  });

  await t.step("a container that is detached leaves no flow on the other host", async () => {
    await cluster.attach(1, "short", "--network=net", "--ip=10.1.2.77");
    await web.mustReach("10.1.2.77");
    await b.agent.ctl("endpoint", "detach", "short");
    await forgets(a.host, "10.1.2.77");
  });

  await t.step("a restart of an agent changes no flow", async () => {
    const before = await flowsOf(a.host);
    assert.ok(before.some((line) => line.includes("10.1.2.2")));
    await a.agent.restart();
    assert.deepEqual(await flowsOf(a.host), before);
  });

  await t.step("SIGKILL of an agent loses no packet between hosts", async () => {
    const enter = ["nsenter", "--net=/run/netns/web", "--"];
    const { sent, received } = await pingDuring(a.host, enter, "10.1.2.2", async () => {
      await b.agent.restart("SIGKILL");
    });
    assert.equal(received, sent);
  });

  await t.step("a host that joins is reachable", async () => {
    await cluster.add();
    await cluster.attach(2, "late", "--network=net", "--ip=10.1.2.88");
    await web.mustReach("10.1.2.88");
    await db.mustReach("10.1.2.88");
  });

  await t.step("a second host with the same label is refused and touches nothing", async () => {
    const { host } = cluster.member(2);
    const second = await lab.host("z");
    await second.startUnderlay();
    const twin = new Contiv(second, {
      role: "plugin",
      args: [cluster.store, "--plugin-socket=none", `--host=${host.name}`],
    });
    twin.launch();
    const refusal = new RegExp(`label ${host.name} is taken: the host at ${host.address}`);
    await waitFor("the refusal", () => refusal.test(twin.tail()), 15_000);
    assert.equal((await second.must(["ovs-vsctl", "list-ports", "contiv0"])).trim(), "");
    await twin.stop();
    await web.mustReach("10.1.2.88");
  });

  await t.step("a host whose agent is gone keeps its traffic, then is forgotten", async () => {
    const { agent } = cluster.member(2);
    await agent.stop("SIGKILL");
    await web.mustReach("10.1.2.88");
    await waitFor("the host to be marked", async () => {
      return /c +down +\d{4}-/.test(await cluster.ctl("host", "ls"));
    }, 20_000);
    await waitFor("the gone host's endpoint to be removed", async () => {
      return !(await flowsOf(a.host)).some((line) => line.includes("10.1.2.88"));
    }, 30_000);
    assert.doesNotMatch(await cluster.ctl("endpoint", "ls", "-a"), /10\.1\.2\.88/);
    assert.equal(await web.reaches("10.1.2.88"), false);
    await web.mustReach("10.1.2.2");
  });
});

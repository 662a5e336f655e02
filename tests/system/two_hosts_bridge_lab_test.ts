import assert from "node:assert/strict";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Cluster, flowsOf, forgets } from "./cluster.ts";
import { Contiv } from "./contiv.ts";
import { pingDuring } from "./ping.ts";

Deno.test("containers of two hosts reach each other in bridge mode, and hear each other's broadcasts", async (t) => {
  await using lab = await Lab.create({ name: "twobridged" });
  const cluster = await Cluster.start(lab, 2, { args: ["--fwdmode=bridge"] });
  const [a, b] = [cluster.member(0), cluster.member(1)];
  await cluster.ctl(
    "network",
    "create",
    "--subnet=10.1.2.0/24",
    "--subnetv6=2001:db8:1:2::/64",
    "net",
  );
  const web = await cluster.attach(0, "web", "--network=net");
  const near = await cluster.attach(0, "near", "--network=net");
  const db = await cluster.attach(1, "db", "--network=net");

  for (
    const [what, from, address] of [
      ["on its own host", web, "10.1.2.2"],
      ["on the other host", web, "10.1.2.3"],
      ["on the other host by IPv6", web, "2001:db8:1:2::3"],
      ["from the other host", db, "10.1.2.2"],
    ] as const
  ) {
    await t.step(`a container reaches one ${what}`, () => from.mustReach(address));
  }

  await t.step("a frame goes as it is, from MAC to MAC", async () => {
    const [, mac] = /link\/ether (\S+)/.exec(await db.must(["ip", "link", "show", "eth0"])) ?? [];
    assert.match(await web.must(["ip", "neigh", "show", "10.1.2.3"]), new RegExp(`lladdr ${mac}`));
  });

  await t.step("a broadcast is heard on either host", async () => {
    const reply = await web.exec(["ping", "-b", "-c", "2", "-W", "1", "10.1.2.255"]);
    assert.notEqual(reply.code, 2);
    const heard = b.host.spawn(
      ["nsenter", "--net=/run/netns/db", "--", "tcpdump", "-ni", "eth0", "-c1", "dst 10.1.2.255"],
      { output: { file: `${b.host.directory}/heard.log` } },
    );
    const log = () => Deno.readTextFileSync(`${b.host.directory}/heard.log`);
    await waitFor("tcpdump", () => log().includes("listening on"));
    await waitFor("the broadcast", async () => {
      await web.exec(["ping", "-b", "-c", "1", "-W", "1", "10.1.2.255"]);
      return log().includes("10.1.2.255: ICMP");
    });
    await heard.status;
  });

  await t.step("two tenants with the same addresses stay apart", async () => {
    await cluster.ctl("tenant", "create", "blue");
    await cluster.ctl("network", "create", "-t", "blue", "--subnet=10.1.2.0/24", "net");
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
      "--ip=10.1.2.51",
    );
    await here.mustReach("10.1.2.51");
    await there.mustReach("10.1.2.50");
    assert.equal(await web.reaches("10.1.2.51"), false);
    assert.equal(await there.reaches("10.1.2.1"), false);
  });

  await t.step("a container that is detached leaves no flow on the other host", async () => {
    await cluster.attach(1, "short", "--network=net", "--ip=10.1.2.77");
    await web.mustReach("10.1.2.77");
    await b.agent.ctl("endpoint", "detach", "short");
    await forgets(a.host, "10.1.2.77");
  });

  await t.step("a restart of an agent changes no flow, and SIGKILL loses no packet", async () => {
    const before = await flowsOf(a.host);
    await a.agent.restart();
    assert.deepEqual(await flowsOf(a.host), before);
    const enter = ["nsenter", "--net=/run/netns/web", "--"];
    const { sent, received } = await pingDuring(a.host, enter, "10.1.2.3", async () => {
      await b.agent.restart("SIGKILL");
    });
    assert.equal(received, sent);
    await near.mustReach("10.1.2.3");
  });

  await t.step("an agent that was told routing refuses a bridged cluster", async () => {
    await b.agent.stop();
    const told = new Contiv(b.host, {
      role: "plugin",
      args: [cluster.store, "--plugin-socket=none", "--fwdmode=routing"],
      log: "told.log",
    });
    told.launch();
    await waitFor("the refusal", () => /forwarding mode is bridge/.test(told.tail()), 15_000);
    await told.stop();
    await web.mustReach("10.1.2.3");
  });
});

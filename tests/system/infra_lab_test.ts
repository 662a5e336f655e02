import assert from "node:assert/strict";
import type { Host } from "../lab/host.ts";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Cluster } from "./cluster.ts";
import { PhysicalSwitch } from "./physical_switch.ts";

/** IPv4 addresses with prefix lengths on a link of the host; none when there is no such link. */
async function addressesOn(host: Host, link: string): Promise<string[]> {
  const { code, stdout } = await host.exec(["ip", "-4", "-o", "address", "show", "dev", link]);
  return code === 0 ? [...stdout.matchAll(/inet (\S+)/g)].map(([, address]) => `${address}`) : [];
}

async function reaches(host: Host, address: string): Promise<boolean> {
  return (await host.exec(["ping", "-c1", "-W1", address])).code === 0;
}

for (
  const [mode, encap] of [["routing", "vxlan"], ["bridge", "vxlan"], ["bridge", "vlan"]] as const
) {
  Deno.test(`an infra network of encapsulation ${encap} gives every host an address in ${mode} mode`, async (t) => {
    await using lab = await Lab.create({ name: `infra${mode}${encap}` });
    const fabric = encap === "vlan" ? await PhysicalSwitch.start(lab) : undefined;
    const cluster = await Cluster.start(lab, 2, {
      args: [`--fwdmode=${mode}`],
      ...(fabric && {
        agent: () => ["--vlan-if=eth2"],
        prepare: async (host) => await fabric.plug(await fabric.cable(host, "eth2")),
      }),
    });
    const hosts = cluster.members.map(({ host }) => host);
    const [a, b] = hosts;
    assert.ok(a && b);
    const create = (name: string, third: number) =>
      cluster.ctl(
        ...["network", "create", "--nw-type=infra", `--encap=${encap}`],
        ...[`--subnet=10.8.${third}.0/24`, name],
      );
    await create("backup", 0);
    await create("storage", 1);

    await t.step("on an interface that has the network's name", async () => {
      for (const [link, third] of [["backup", 0], ["storage", 1]] as const) {
        await waitFor(`addresses on ${link}`, async () => {
          const all = (await Promise.all(hosts.map((host) => addressesOn(host, link)))).flat();
          return all.sort().join() === `10.8.${third}.1/24,10.8.${third}.2/24`;
        });
      }
    });
    await t.step("by which hosts reach each other", async () => {
      const [address = ""] = await addressesOn(b, "backup");
      await waitFor("a to reach b", () => reaches(a, address.replace("/24", "")), 5_000);
    });
    await t.step("and containers of the network reach hosts", async () => {
      const box = await cluster.attach(0, "box", "--network=storage");
      await box.mustReach("10.8.1.1");
      await box.mustReach("10.8.1.2");
      await cluster.member(0).agent.ctl("endpoint", "detach", "box");
    });
    await t.step("and keeps over a restart of the agent", async () => {
      const before = await addressesOn(a, "backup");
      await cluster.member(0).agent.restart("SIGKILL");
      assert.deepEqual(await addressesOn(a, "backup"), before);
    });
    await t.step("also a host that comes later", async () => {
      const late = await cluster.add();
      await waitFor(
        "its address",
        async () => (await addressesOn(late.host, "backup")).join() === "10.8.0.3/24",
      );
    });
    await t.step("until the network is deleted", async () => {
      await cluster.ctl("network", "rm", "backup");
      for (const host of hosts) {
        await waitFor(
          "the interface to go",
          async () => (await host.exec(["ip", "link", "show", "backup"])).code !== 0,
        );
      }
      assert.equal((await addressesOn(a, "storage")).length, 1);
    });
    await t.step("and is refused when no interface can have its name", async () => {
      for (const name of ["sixteen-letters0", "contivh0", "eth0"]) {
        await assert.rejects(create(name, 9), /cannot be an interface of that name/);
      }
    });
  });
}

Deno.test("hosts reach containers by contivh1, under their own addresses, as long as there is a network", async (t) => {
  await using lab = await Lab.create({ name: "contivh1" });
  const cluster = await Cluster.start(lab, 2);
  const { host } = cluster.member(1);
  const routes = async () =>
    (await host.must(["ip", "route", "show", "dev", "contivh1"])).split("\n")
      .map((line) => line.split(" ")[0]).filter((prefix) => prefix).sort().join();
  await cluster.ctl("network", "create", "--subnet=10.5.0.0/24", "--gateway=10.5.0.254", "before");
  await cluster.ctl("network", "create", "--nw-type=infra", "--subnet=10.4.5.0/24", "contivh1");
  await cluster.ctl("network", "create", "--subnet=10.6.0.0/24", "--gateway=10.6.0.254", "after");
  const here = await cluster.attach(1, "here", "--network=before");
  await cluster.attach(0, "there", "--network=after");
  await t.step("each VXLAN network has a route", async () => {
    await waitFor(
      "the routes",
      async () =>
        (await host.exec(["ip", "link", "show", "contivh1"])).code === 0 &&
        await routes() === "10.4.5.0/24,10.5.0.0/24,10.6.0.0/24",
    );
  });
  await t.step("a container here and one on another host answer", async () => {
    await waitFor("here", () => reaches(host, "10.5.0.1"), 5_000);
    await waitFor("there", () => reaches(host, "10.6.0.1"), 5_000);
    assert.ok(await here.reaches("10.5.0.254"));
  });
  await t.step("another tenant's containers do not reach what the host reaches", async () => {
    await cluster.ctl("tenant", "create", "blue");
    const subnet = ["--subnet=10.9.0.0/24", "--gateway=10.9.0.254"];
    await cluster.ctl("network", "create", "-t", "blue", ...subnet, "sea");
    const stranger = await cluster.attach(1, "stranger", "--tenant=blue", "--network=sea");
    for (const address of ["10.5.0.1", "10.6.0.1", "10.4.5.1"]) {
      assert.equal(await stranger.reaches(address), false, address);
    }
    assert.ok(await stranger.reaches("172.19.255.254"));
  });
  await t.step("a network that goes takes its route along, the others stay", async () => {
    await cluster.member(0).agent.ctl("endpoint", "detach", "there");
    await cluster.ctl("network", "rm", "after");
    await waitFor("the route to go", async () => await routes() === "10.4.5.0/24,10.5.0.0/24");
  });
});

import assert from "node:assert/strict";
import type { Host } from "../lab/host.ts";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Cluster } from "./cluster.ts";
import { healthOf, PhysicalSwitch } from "./physical_switch.ts";

Deno.test("VLAN networks reach what is in their VLAN, here, on other hosts and outside, and nothing else", async (t) => {
  await using lab = await Lab.create({ name: "vlans" });
  const fabric = await PhysicalSwitch.start(lab);
  const cluster = await Cluster.start(lab, 2, {
    args: ["--fwdmode=bridge", "--netmode=vlan"],
    agent: () => ["--vlan-if=eth2"],
    prepare: async (host) => await fabric.plug(await fabric.cable(host, "eth2")),
  });
  const network = (name: string, encap: string, tag: number, subnet: string) =>
    cluster.ctl(
      "network",
      "create",
      `--encap=${encap}`,
      `--pkt-tag=${tag}`,
      ...subnet.split(" "),
      name,
    );
  await network("red", "vlan", 100, "--subnet=10.7.1.0/24 --subnetv6=2001:db8:7::/64");
  await cluster.ctl("tenant", "create", "other");
  await network("blue", "vlan", 200, "--subnet=10.7.1.0/24 --tenant=other");
  await network("vx", "vxlan", 100, "--subnet=10.7.3.0/24");
  const server = await fabric.machine("server", 100, "10.7.1.200/24");
  const stranger = await fabric.machine("stranger", 100, "10.7.3.200/24");
  const listener = hear(fabric.host, "a-eth2", "vlan 100 and (arp or icmp6)");
  await listener.ready();

  const a1 = await cluster.attach(0, "a1", "--network=red");
  const a2 = await cluster.attach(0, "a2", "--network=red");
  await cluster.attach(1, "b3", "--network=red");
  const blueA = await cluster.attach(
    0,
    "bluea",
    "--network=blue",
    "--tenant=other",
    "--ip=10.7.1.50",
  );
  const blueB = await cluster.attach(
    1,
    "blueb",
    "--network=blue",
    "--tenant=other",
    "--ip=10.7.1.51",
  );
  const vxA = await cluster.attach(0, "vxa", "--network=vx");
  await cluster.attach(1, "vxb", "--network=vx");

  await t.step("a container that appears is announced in its VLAN, in either family", async () => {
    await waitFor(
      "the announcements",
      () =>
        /Request who-has 10\.7\.1\.1 .*tell 10\.7\.1\.1/.test(listener.log()) &&
        /2001:db8:7::1 > ff02::1: .*neighbor advertisement/.test(listener.log()),
    );
    assert.match(listener.log(), /ff:ff:ff:ff:ff:ff.*vlan 100/);
  });

  for (
    const [what, from, address] of [
      ["one on its own host", a1, "10.7.1.2"],
      ["one on the other host", a1, "10.7.1.3"],
      ["one on the other host by IPv6", a1, "2001:db8:7::3"],
      ["a machine that is none of ours", a1, "10.7.1.200"],
    ] as const
  ) {
    await t.step(`a container reaches ${what}`, () => from.mustReach(address));
  }
  await t.step("a machine of the VLAN reaches containers on either host", async () => {
    await server.mustReach("10.7.1.1");
    await server.mustReach("10.7.1.3");
  });
  await t.step("the switch answers ARP for containers of its host, and only for them", async () => {
    const answered = async (host: Host, address: string) =>
      Number(
        / n_packets=(\d+),.*arp_tpa=/.exec(
          (await host.must(["ovs-ofctl", "-OOpenFlow15", "dump-flows", "contiv0", "table=20"]))
            .split("\n").find((line) => line.includes(`arp_tpa=${address},arp_op=1`)) ?? "",
        )?.[1],
      );
    const before = await Promise.all(
      cluster.members.map(({ host }) => answered(host, "10.7.1.1")),
    );
    await server.must(["ip", "neigh", "flush", "dev", "eth0"]);
    await server.mustReach("10.7.1.1");
    const after = await Promise.all(cluster.members.map(({ host }) => answered(host, "10.7.1.1")));
    assert.ok(Number(after[0]) > Number(before[0]), `${after} after ${before}`);
    assert.equal(after[1], before[1]);
  });
  await t.step("full frames pass: a VLAN takes nothing of the MTU", async () => {
    await a1.must(["ping", "-c1", "-W2", "-M", "do", "-s", "1472", "10.7.1.3"]);
    await a1.must(["ping", "-c1", "-W2", "-M", "do", "-s", "1472", "10.7.1.200"]);
  });

  await t.step("two VLANs with the same addresses stay apart", async () => {
    await blueA.mustReach("10.7.1.51");
    assert.equal(await blueB.reaches("10.7.1.3"), false);
    assert.equal(await a1.reaches("10.7.1.50"), false);
    assert.equal(await server.reaches("10.7.1.51"), false);
  });

  await t.step("nothing of a VXLAN network gets into a VLAN, nor back", async () => {
    await vxA.mustReach("10.7.3.2");
    const inside = hear(
      cluster.member(0).host,
      "eth0",
      "host 10.7.3.200 or host 10.7.1.200",
      "vxa",
    );
    const outside = hear(fabric.host, "to-stranger", "host 10.7.3.1 or host 10.7.3.77");
    await Promise.all([inside.ready(), outside.ready()]);
    assert.equal(await stranger.reaches("10.7.3.1"), false);
    assert.equal(await vxA.reaches("10.7.3.77"), false);
    assert.equal(await vxA.reaches("10.7.3.200"), false);
    await server.exec(["ping", "-b", "-c2", "-W1", "10.7.1.255"]);
    assert.doesNotMatch(inside.log(), /10\.7\.3\.200 >|tell 10\.7\.3\.200|10\.7\.1\.200/);
    // What stranger itself sent passes its port; nothing of vxa does.
    assert.doesNotMatch(outside.log(), /tell 10\.7\.3\.1,/);
  });

  await t.step("health tells of the uplink, and when its cable is pulled", async () => {
    const member = cluster.member(1);
    const warning = async () => String((await healthOf(member)).warning ?? "");
    await waitFor("the uplink to be fine", async () => !(await warning()).includes("Uplink"));
    await fabric.host.ip(["link set b-eth2 down"]);
    await waitFor("the warning", async () => /Uplink eth2: eth2 is down/.test(await warning()));
    const again = hear(fabric.host, "b-eth2", "vlan 100 and arp");
    await fabric.host.ip(["link set b-eth2 up"]);
    await waitFor("the announcement", () => /tell 10\.7\.1\.3,/.test(again.log()));
    await waitFor("the uplink to be fine", async () => !(await warning()).includes("Uplink"));
    await a1.mustReach("10.7.1.3");
    await a2.mustReach("10.7.1.3");
  });
});

/** What tcpdump hears on a link of the host, or of a namespace in it. */
function hear(host: Host, link: string, filter: string, namespace?: string) {
  const file = `${host.directory}/heard-${crypto.randomUUID()}.log`;
  const enter = namespace ? ["nsenter", `--net=/run/netns/${namespace}`, "--"] : [];
  host.spawn([...enter, "tcpdump", "-lnei", link, filter], { output: { file } });
  const log = () => Deno.readTextFileSync(file);
  return { log, ready: () => waitFor("tcpdump", () => log().includes("listening on")) };
}

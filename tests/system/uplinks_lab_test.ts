import assert from "node:assert/strict";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Cluster, type Member } from "./cluster.ts";
import { healthOf, PhysicalSwitch } from "./physical_switch.ts";
import { pingDuring } from "./ping.ts";

interface Link {
  readonly name: string;
  readonly up?: boolean;
  readonly lacp?: boolean;
}

const SECOND_OF_ECHOES = ["ping", "-c", "100", "-i", "0.01", "-W", "1", "10.7.1.200"];

async function linksOf(member: Member): Promise<readonly Link[]> {
  const { uplink } = await healthOf(member) as { uplink?: { members?: readonly Link[] } };
  return uplink?.members ?? [];
}

async function warningOf(member: Member): Promise<string> {
  return String((await healthOf(member)).warning ?? "");
}

Deno.test("several uplinks are one bond, by LACP with the physical switch, and outlive a pulled cable", async (t) => {
  await using lab = await Lab.create({ name: "bonds" });
  const fabric = await PhysicalSwitch.start(lab);
  const cluster = await Cluster.start(lab, 1, {
    args: ["--fwdmode=bridge", "--netmode=vlan"],
    agent: () => ["--vlan-uplinks=eth2,eth3"],
    prepare: async (host) => {
      const ends = [await fabric.cable(host, "eth2"), await fabric.cable(host, "eth3")];
      await fabric.bond("tohost", ends);
    },
  });
  const member = cluster.member(0);
  const { host } = member;
  await cluster.ctl(
    "network",
    "create",
    "--encap=vlan",
    "--subnet=10.7.1.0/24",
    "--pkt-tag=100",
    "red",
  );
  const machine = await fabric.machine("server", 100, "10.7.1.200/24");
  const a1 = await cluster.attach(0, "a1", "--network=red");

  await t.step("both links have negotiated, and health says so", async () => {
    await waitFor("LACP", async () => {
      const links = await linksOf(member);
      return links.length === 2 && links.every(({ up, lacp }) => up && lacp);
    }, 40_000);
    const shown = await host.must(["ovs-appctl", "bond/show", "uplinkPort"]);
    assert.match(shown, /bond_mode: balance-tcp/);
    assert.match(shown, /lacp_status: negotiated/);
    await a1.mustReach("10.7.1.200");
    assert.equal(await warningOf(member), "");
  });

  for (const link of ["eth2", "eth3"]) {
    await t.step(`a ping goes on while ${link} is pulled and put back`, async () => {
      const enter = ["nsenter", "--net=/run/netns/a1", "--"];
      const { sent, received } = await pingDuring(host, enter, "10.7.1.200", async () => {
        await fabric.host.ip([`link set a-${link} down`]);
        await waitFor(
          "the warning",
          async () => (await warningOf(member)).includes(`Uplink uplinkPort: ${link} is down`),
        );
        await a1.exec(SECOND_OF_ECHOES);
        await fabric.host.ip([`link set a-${link} up`]);
        await waitFor(
          "both links",
          async () => (await linksOf(member)).every(({ up, lacp }) => up && lacp),
          40_000,
        );
        await a1.exec(SECOND_OF_ECHOES);
      });
      console.log(`pulled ${link}: ${sent - received} of ${sent} echoes lost, one each 10 ms`);
      // Some 100 ms, the time in which a link's state is noticed; a bond that did not fail over would lose all of a pull.
      assert.ok(sent - received < 60, `${sent - received} of ${sent} lost`);
    });
  }

  await t.step("an agent that comes again leaves a bond that is right as it is", async () => {
    const uuid = () => host.must(["ovs-vsctl", "get", "port", "uplinkPort", "_uuid", "interfaces"]);
    const before = await uuid();
    await member.agent.restart("SIGKILL");
    assert.equal(await uuid(), before);
    await machine.mustReach("10.7.1.1");
  });
});

Deno.test("a link that the host itself uses is not taken as an uplink", async (t) => {
  await using lab = await Lab.create({ name: "uplinks" });
  const fabric = await PhysicalSwitch.start(lab);
  const cluster = await Cluster.start(lab, 1, {
    args: ["--fwdmode=bridge"],
    agent: () => ["--vlan-uplinks=eth2"],
    prepare: async (host) => {
      await fabric.plug(await fabric.cable(host, "eth2"));
      await host.ip(["address add 203.0.113.7/24 dev eth2"]);
    },
  });
  const member = cluster.member(0);
  const { host } = member;
  await cluster.ctl(
    "network",
    "create",
    "--encap=vlan",
    "--subnet=10.7.1.0/24",
    "--pkt-tag=100",
    "red",
  );
  const a1 = await cluster.attach(0, "a1", "--network=red");
  const a2 = await cluster.attach(0, "a2", "--network=red");
  await fabric.machine("server", 100, "10.7.1.200/24");

  await t.step("and it is said why, and what to do", async () => {
    assert.match(
      await warningOf(member),
      /eth2 is not taken as an uplink, because it has the address 203\.0\.113\.7\/24.*ip address del/,
    );
    assert.doesNotMatch(await host.must(["ovs-vsctl", "list-ports", "contiv0"]), /eth2/);
    assert.match(await host.must(["ip", "address", "show", "eth2"]), /203\.0\.113\.7\/24/);
  });
  await t.step("while containers of the VLAN on this host reach each other", async () => {
    await a1.mustReach("10.7.1.2");
    await a2.mustReach("10.7.1.1");
    assert.equal(await a1.reaches("10.7.1.200"), false);
  });
  await t.step("and it is taken once it is free", async () => {
    await host.ip(["address del 203.0.113.7/24 dev eth2"]);
    await waitFor("the uplink", () => a1.reaches("10.7.1.200"), 40_000);
    await waitFor("no warning", async () => await warningOf(member) === "");
  });
});

Deno.test("an uplink that is not there is named, and taken when it comes", async (t) => {
  await using lab = await Lab.create({ name: "nouplink" });
  const fabric = await PhysicalSwitch.start(lab);
  const cluster = await Cluster.start(lab, 1, {
    args: ["--fwdmode=bridge"],
    agent: () => ["--vlan-uplinks=eth2"],
  });
  const member = cluster.member(0);
  await cluster.ctl("network", "create", "--encap=vlan", "--subnet=10.7.1.0/24", "red");
  await cluster.attach(0, "a1", "--network=red");

  await t.step("by the agent's health, and so by the doctor", async () => {
    await waitFor(
      "the warning",
      async () =>
        /VLAN networks stay on this host: cannot attach port eth2: .*No such device/
          .test(await warningOf(member)),
    );
  });
  await t.step("until it is plugged in", async () => {
    await fabric.plug(await fabric.cable(member.host, "eth2"));
    await waitFor("no warning", async () => await warningOf(member) === "", 70_000);
  });
});

import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  BRIDGE,
  BRIDGE_FLOOD,
  PLACED,
  type Placed,
  RED1,
  RED2,
  WEB1,
  WEB2,
  WEB3,
} from "../../mod/pipeline/testing/cluster.ts";
import { linkLocalAddress } from "../../mod/pipeline/link_local.ts";
import { TABLES } from "../../mod/pipeline/tables.ts";
import { waitFor } from "../lab/wait.ts";
import { ClusterLab, type Underlay, UNDERLAY4, UNDERLAY6 } from "./cluster_lab.ts";
import { transferBetween } from "./transfer_between.ts";

const REACHABLE: readonly (readonly [what: string, from: Placed, to: Placed])[] = [
  ["a neighbour on another host", WEB1, WEB2],
  ["a neighbour on the third host", WEB1, WEB3],
  ["a neighbour, back", WEB3, WEB1],
  ["a neighbour in a tenant with the same addresses", RED1, RED2],
];

for (const [name, underlay] of Object.entries({ IPv4: UNDERLAY4, IPv6: UNDERLAY6 })) {
  Deno.test(`hosts in bridge mode carry packets to each other over ${name}`, (t) =>
    carry(t, underlay));
}

async function carry(t: Deno.TestContext, underlay: Underlay): Promise<void> {
  await using lab = await ClusterLab.start(BRIDGE, underlay);
  const one = lab.host("one");
  const answers = async () =>
    await one.packets(TABLES.arp_reply, "arp") + await one.packets(TABLES.nd_reply, "icmp6");

  await t.step("to whom they may go, in either family", () => reachesAll(lab));
  await t.step("and the switch answers for them, with their own MACs", async () => {
    ok(await answers() > 0);
    await knowsOwnMacs(lab);
  });
  await t.step("by link-local addresses, which it floods for", async () => {
    const neighbour = `${linkLocalAddress(WEB2.endpoint.mac)}%eth0`;
    // An address is not used before duplicate address detection is over, about a second after the link is up.
    await waitFor("the link-local address to answer", () => ping(lab, WEB1, neighbour));
  });
  await t.step("in fragments, too", async () => {
    for (const to of [WEB2.endpoint.address, `${WEB2.endpoint.address6}`]) {
      ok(await ping(lab, WEB1, to, "-s", "4000"), to);
    }
  });
  await t.step("as whole TCP streams", async () => {
    for (const address of [WEB2.endpoint.address, `${WEB2.endpoint.address6}`]) {
      const namespaces = [lab.namespaceOf(WEB1), lab.namespaceOf(WEB2)] as const;
      await transferBetween(...namespaces, { address, bytes: 20_000_000 });
    }
  });
  await t.step("broadcasts and multicasts once, to the network's endpoints only", async () => {
    for (
      const [to, ...options] of [["10.1.1.255", "-b"], ["224.0.0.1", "-I", "eth0"], [
        "ff02::1%eth0",
      ]]
    ) {
      const before = await echoes(lab);
      await lab.run(WEB1, ["ping", "-n", "-c1", "-W1", ...options, `${to}`]);
      const heard = (await echoes(lab)).map((count, index) => count - Number(before[index]));
      // The sender's own stack loops what it sends to all; the others hear it once, though each could have sent it on.
      deepEqual(named(heard), { web1: 1, web2: 1, web3: 1, data2: 0, red1: 0, red2: 0 });
    }
  });
  await t.step("with the group of the sender", async () => {
    const seen = () => lab.host("two").packets(TABLES.source_group, `dl_src=${WEB3.endpoint.mac} `);
    const before = await seen();
    ok(await ping(lab, WEB3, WEB2.endpoint.address));
    equal(await seen(), before + 1);
  });
  await t.step("but not those of a container that pretends to be another", () => spoofs(lab));
  await t.step("and let them find that an address is taken", () => detectsDuplicates(lab));
  await t.step("nor from a host that is no peer", async () => {
    await lab.programHost("two", BRIDGE, ["three"]);
    ok(!await ping(lab, WEB3, WEB2.endpoint.address));
    ok(await lab.host("two").packets(TABLES.classify, "priority=90,") > 0);
    ok(await ping(lab, WEB1, WEB2.endpoint.address));
  });
  await t.step("and leave ARP and neighbour discovery to them, when told to flood", async () => {
    await lab.program(BRIDGE_FLOOD);
    for (const placed of PLACED) await lab.must(placed, ["ip", "neighbour", "flush", "all"]);
    await reachesAll(lab);
    await knowsOwnMacs(lab);
    equal(await answers(), 0);
    await detectsDuplicates(lab);
  });
}

async function reachesAll(lab: ClusterLab): Promise<void> {
  for (const [what, from, { endpoint }] of REACHABLE) {
    for (const to of [endpoint.address, `${endpoint.address6}`]) {
      ok(await ping(lab, from, to), `${what}: ${to}`);
    }
  }
}

async function knowsOwnMacs(lab: ClusterLab): Promise<void> {
  const neighbours = await lab.must(WEB1, ["ip", "neighbour"]);
  for (const { endpoint } of [WEB2, WEB3]) {
    match(neighbours, new RegExp(`^${endpoint.address} .* ${endpoint.mac}`, "m"));
    match(neighbours, new RegExp(`^${endpoint.address6} .* ${endpoint.mac}`, "m"));
  }
}

/** WEB2 must hear nothing from WEB1 under WEB3's address, in either family. */
async function spoofs(lab: ClusterLab): Promise<void> {
  const refused = () => lab.host("one").packets(TABLES.spoof_guard, "priority=0 ");
  const before = await refused();
  const heard = async () => (await echoes(lab))[PLACED.indexOf(WEB2)];
  const heardBefore = await heard();
  const { address, address6 } = WEB3.endpoint;
  const pairs = [[`${address}/32`, WEB2.endpoint.address], [
    `${address6}/128`,
    `${WEB2.endpoint.address6}`,
  ]] as const;
  for (const [foreign, to] of pairs) {
    const nodad = foreign.includes(":") ? ["nodad"] : [];
    await lab.must(WEB1, ["ip", "address", "add", foreign, "dev", "lo", ...nodad]);
    ok(!await ping(lab, WEB1, to, "-I", `${foreign.split("/")[0]}`));
    await lab.must(WEB1, ["ip", "address", "del", foreign, "dev", "lo"]);
  }
  equal(await heard(), heardBefore);
  ok(await refused() >= before + 2);
  await waitFor("the honest address to work", () => ping(lab, WEB1, WEB2.endpoint.address));
}

/** WEB1 learns that an address is WEB2's: from its own switch, or from WEB2 itself. */
async function detectsDuplicates(lab: ClusterLab): Promise<void> {
  const address = ["address", "add", `${WEB2.endpoint.address6}/64`, "dev", "eth0"];
  await lab.must(WEB1, ["ip", ...address]);
  await waitFor(
    "the neighbour's address to be found out",
    async () =>
      /dadfailed/.test(await lab.must(WEB1, ["ip", "-o", "address", "show", "dev", "eth0"])),
  );
  await lab.must(WEB1, ["ip", ...address.with(1, "del")]);
}

/** Echo requests of either family that each endpoint has received, answered or not. */
function echoes(lab: ClusterLab): Promise<number[]> {
  return Promise.all(PLACED.map(async (placed) => {
    const text = await lab.must(placed, ["cat", "/proc/net/snmp", "/proc/net/snmp6"]);
    const [, names = "", values = ""] = /^Icmp: (.*)\nIcmp: (.*)$/m.exec(text) ?? [];
    const four = values.split(" ")[names.split(" ").indexOf("InEchos")];
    const [, six] = /^Icmp6InEchos\s+(\d+)$/m.exec(text) ?? [];
    return Number(four) + Number(six);
  }));
}

function named(counts: readonly number[]): Record<string, number | undefined> {
  return Object.fromEntries(PLACED.map(({ endpoint }, index) => [endpoint.id, counts[index]]));
}

async function ping(
  lab: ClusterLab,
  from: Placed,
  to: string,
  ...options: string[]
): Promise<boolean> {
  return (await lab.run(from, ["ping", "-n", "-c1", "-W2", ...options, to])).code === 0;
}

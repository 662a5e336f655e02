import { equal } from "node:assert/strict";
import { ROUTER_MAC } from "../../mod/net/mac.ts";
import type { PipelineEndpoint } from "../../mod/pipeline/input.ts";
import { A, ACCESS, B, C, D, E } from "../../mod/pipeline/testing/example.ts";
import { BRIDGE, PipelineLab } from "./pipeline_lab.ts";

/** What becomes of a packet: the OpenFlow port it leaves by, an answer to its sender, or nothing. */
type Fate = number | "answered" | "dropped";
type Case = readonly [what: string, packet: readonly string[], fate: Fate];

const CONTIVH0 = { port: ACCESS.port, mac: ACCESS.mac };
const NOBODY = "02:02:00:00:00:99";

const classification: readonly Case[] = [
  ["a multicast source MAC", ["ip", "in_port=1", `dl_src=03:02:0a:01:01:01`], "dropped"],
  ["an unknown port", ["ip", "in_port=77", `dl_src=${A.mac}`, `nw_src=${A.address}`], "dropped"],
];

const ipv4: readonly Case[] = [
  ["to a neighbour", ip(A, B.address), 2],
  ["to another network of the tenant", ip(A, C.address), 3],
  ["to an address that only another tenant has", ip(A, E.address), "dropped"],
  ["to the same address in the sender's own tenant", ip(D, E.address), 5],
  ["to nobody in the sender's subnet", ip(A, "10.1.1.77"), "dropped"],
  ["to nobody in the tenant's other subnet", ip(A, "10.1.2.77"), "dropped"],
  ["to the subnet's broadcast address", ip(A, "10.1.1.255"), "dropped"],
  ["to everybody", ip(A, "255.255.255.255"), "dropped"],
  ["to a multicast group", ip(A, "224.0.0.251"), "dropped"],
  ["to the loopback network", ip(A, "127.0.0.1"), "dropped"],
  ["in a broadcast frame", [...ip(A, B.address), "dl_dst=ff:ff:ff:ff:ff:ff"], "dropped"],
  ["to the outside", ip(A, "198.51.100.1"), ACCESS.port],
  ["to the outside without a way out", ip(B, "198.51.100.1"), "dropped"],
  ["to the host", ip(A, ACCESS.address), ACCESS.port],
  ["to the host without a way out", ip(B, ACCESS.address), "dropped"],
  ["to another tenant's private address", ip(A, "172.19.0.4"), "dropped"],
  ["to the own private address", ip(A, "172.19.0.1"), "dropped"],
  ["under a neighbour's address", ip({ ...A, address: B.address }, C.address), "dropped"],
  ["under a neighbour's MAC", ip({ ...A, mac: B.mac }, C.address), "dropped"],
  ["with a VLAN tag", [...ip(A, B.address), "vlan_tci=0x1005"], "dropped"],
  [
    "a DHCP request",
    [...ip({ ...A, address: "0.0.0.0" }, "255.255.255.255"), "nw_proto=17"],
    "dropped",
  ],
  ["from the host to a private address", host4("172.19.0.4"), 4],
  ["from the host to a private address of nobody", host4("172.19.9.9"), "dropped"],
  ["from the host to a container's own address", host4(A.address), "dropped"],
];

const ipv6: readonly Case[] = [
  ["to a neighbour", ip6(A, `${B.address6}`), 2],
  ["to another network of the tenant", ip6(A, `${C.address6}`), 3],
  ["to an address that only another tenant has", ip6(A, `${E.address6}`), "dropped"],
  ["to nobody in the tenant's other subnet", ip6(A, "2001:db8:2::77"), "dropped"],
  ["to all nodes", ip6(A, "ff02::1"), "dropped"],
  ["to a link-local address", ip6(A, "fe80::1"), "dropped"],
  ["from a link-local address", ip6({ ...A, address6: "fe80::1" }, `${B.address6}`), "dropped"],
  ["to the outside", ip6(A, "2001:db8:ffff::1"), ACCESS.port],
  ["to the outside without a way out", ip6(B, "2001:db8:ffff::1"), "dropped"],
  ["to the host", ip6(A, ACCESS.address6), ACCESS.port],
  ["to another tenant's private address", ip6(A, "fdc0:171f:ac13::4"), "dropped"],
  [
    "under a neighbour's address",
    ip6({ ...A, address6: `${B.address6}` }, `${C.address6}`),
    "dropped",
  ],
  ["under a neighbour's MAC", ip6({ ...A, mac: B.mac }, `${C.address6}`), "dropped"],
  ["a router solicitation", icmp6(A, "ff02::2", 133), "dropped"],
  ["a router advertisement", icmp6(A, `${B.address6}`, 134), "dropped"],
  ["a neighbour advertisement", icmp6(A, `${B.address6}`, 136), "dropped"],
  ["a redirect", icmp6(A, `${B.address6}`, 137), "dropped"],
  ["a multicast listener report", icmp6(A, "ff02::16", 143), "dropped"],
  ["from the host to a private address", host6("fdc0:171f:ac13::4"), 4],
  ["from the host to a private address of nobody", host6("fdc0:171f:ac13::99"), "dropped"],
  ["an advertisement from the host", [
    ...host6("fdc0:171f:ac13::4"),
    "nw_proto=58",
    "icmpv6_type=136",
  ], "dropped"],
];

const echo: readonly Case[] = [
  ["to the own gateway", icmp(A, "10.1.1.254", 8), "answered"],
  ["to the tenant's other gateway", icmp(A, "10.1.2.254", 8), "answered"],
  ["to another tenant's gateway", icmp(D, "10.1.2.254", 8), ACCESS.port],
  ["an unasked reply to the gateway", icmp(A, "10.1.1.254", 0), "dropped"],
  ["to the own IPv6 gateway", icmp6(A, "2001:db8:1::fe", 128), "answered"],
  ["to the tenant's other IPv6 gateway", icmp6(A, "2001:db8:2::fe", 128), "answered"],
];

const arp: readonly Case[] = [
  ["for a neighbour", ask(A, B.address), "answered"],
  ["for an address of another network", ask(A, C.address), "answered"],
  ["for the gateway", ask(A, "10.1.1.254"), "answered"],
  ["for nobody's address", ask(A, "10.1.1.77"), "dropped"],
  ["for another tenant's address", ask(A, E.address), "dropped"],
  ["for the own address", ask(A, A.address), "dropped"],
  ["for the own address, as a probe", ask({ ...A, address: "0.0.0.0" }, A.address), "dropped"],
  [
    "for a neighbour's address, as a probe",
    ask({ ...A, address: "0.0.0.0" }, B.address),
    "answered",
  ],
  ["under a neighbour's address", ask({ ...A, address: B.address }, C.address), "dropped"],
  ["with another MAC inside", [...ask(A, B.address), `arp_sha=${NOBODY}`], "dropped"],
  ["under another MAC", [...ask(A, B.address), `dl_src=${NOBODY}`], "dropped"],
  ["answered by a container", [...ask(A, B.address), "arp_op=2"], "dropped"],
  ["by the host for a private address", hostAsk("172.19.0.4"), "answered"],
  ["by the host for its own address", hostAsk(ACCESS.address), "dropped"],
  ["by the host for a container's own address", hostAsk(A.address), "dropped"],
];

const discovery: readonly Case[] = [
  ["for a neighbour", solicit(A, `${B.address6}`), "answered"],
  [
    "for a neighbour, from a link-local address",
    solicit({ ...A, address6: "fe80::1" }, `${B.address6}`),
    "answered",
  ],
  ["for the gateway", solicit(A, "2001:db8:1::fe"), "answered"],
  ["for nobody's address", solicit(A, "2001:db8:1::77"), "dropped"],
  ["for another tenant's address", solicit(A, `${E.address6}`), "dropped"],
  ["for a link-local address", solicit(A, "fe80::1"), "dropped"],
  ["for the own address", solicit(A, `${A.address6}`), "dropped"],
  ["for the own address, to detect a duplicate", detect(A, `${A.address6}`), "dropped"],
  ["for a neighbour's address, to detect a duplicate", detect(A, `${B.address6}`), "answered"],
  [
    "under a neighbour's address",
    solicit({ ...A, address6: `${B.address6}` }, `${C.address6}`),
    "dropped",
  ],
  ["with another MAC inside", [...solicit(A, `${B.address6}`), `nd_sll=${NOBODY}`], "dropped"],
  ["from nowhere with a MAC inside", [...detect(A, `${B.address6}`), `nd_sll=${A.mac}`], "dropped"],
  ["by the host for a private address", hostSolicit("fdc0:171f:ac13::4"), "answered"],
  ["by the host for its own address", hostSolicit(ACCESS.address6), "dropped"],
];

Deno.test("pipeline decides every kind of packet as its tables say", async (t) => {
  await using lab = await PipelineLab.start();
  const groups = { classification, ipv4, ipv6, echo, arp, discovery };
  for (const [name, cases] of Object.entries(groups)) {
    await t.step(name, async () => {
      for (const [what, packet, fate] of cases) {
        equal(await fateOf(lab, packet), fate, `${name}: ${what}`);
      }
    });
  }
});

async function fateOf(lab: PipelineLab, packet: readonly string[]): Promise<Fate> {
  // The last of two values for a field counts: a case states what differs from an ordinary packet at the end.
  const fields = new Map(packet.map((field) => [field.split("=")[0], field]));
  const trace = await lab.appctl("ofproto/trace", BRIDGE, [...fields.values()].join(","));
  const actions = /^Datapath actions: (.*)$/m.exec(trace)?.[1];
  if (actions === undefined) throw new Error(`cannot read this trace:\n${trace}`);
  if (actions === "drop") return "dropped";
  const port = /-> output port is (\d+)/.exec(trace)?.[1];
  return port === undefined ? "answered" : Number(port);
}

function ip(from: PipelineEndpoint, to: string): string[] {
  return ["ip", ...frame(from), `nw_src=${from.address}`, `nw_dst=${to}`];
}

function ip6(from: PipelineEndpoint, to: string): string[] {
  return ["ipv6", ...frame(from), `ipv6_src=${from.address6}`, `ipv6_dst=${to}`];
}

function icmp(from: PipelineEndpoint, to: string, type: number): string[] {
  return ["icmp", ...ip(from, to).slice(1), `icmp_type=${type}`];
}

function icmp6(from: PipelineEndpoint, to: string, type: number): string[] {
  return ["icmp6", ...ip6(from, to).slice(1), `icmpv6_type=${type}`];
}

function ask(from: PipelineEndpoint, target: string): string[] {
  return [
    "arp",
    ...frame(from),
    "arp_op=1",
    `arp_spa=${from.address}`,
    `arp_sha=${from.mac}`,
    `arp_tpa=${target}`,
  ];
}

function solicit(from: PipelineEndpoint, target: string): string[] {
  return [...icmp6(from, "ff02::1:ff00:1", 135), `nd_target=${target}`, `nd_sll=${from.mac}`];
}

function detect(from: PipelineEndpoint, target: string): string[] {
  return [...icmp6({ ...from, address6: "::" }, "ff02::1:ff00:1", 135), `nd_target=${target}`];
}

function frame(from: { port: number; mac: string }): string[] {
  return [`in_port=${from.port}`, `dl_src=${from.mac}`, `dl_dst=${ROUTER_MAC}`];
}

function host4(to: string): string[] {
  return ["ip", ...frame(CONTIVH0), `nw_src=${ACCESS.address}`, `nw_dst=${to}`];
}

function host6(to: string): string[] {
  return ["ipv6", ...frame(CONTIVH0), `ipv6_src=${ACCESS.address6}`, `ipv6_dst=${to}`];
}

function hostAsk(target: string): string[] {
  return ["arp", ...frame(CONTIVH0), "arp_op=1", `arp_sha=${ACCESS.mac}`, `arp_tpa=${target}`];
}

function hostSolicit(target: string): string[] {
  return [
    ...["icmp6", ...host6("ff02::1:ff00:4").slice(1), "icmpv6_type=135", `nd_target=${target}`],
    `nd_sll=${ACCESS.mac}`,
  ];
}

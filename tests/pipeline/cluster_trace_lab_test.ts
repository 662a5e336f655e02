import { deepEqual } from "node:assert/strict";
import { ROUTER_MAC } from "../../mod/net/mac.ts";
import { linkLocalAddress } from "../../mod/pipeline/link_local.ts";
import {
  BRIDGE,
  BRIDGE_FLOOD,
  DATA2,
  RED1,
  RED2,
  ROUTING,
  TUNNEL_PORT,
  WEB1,
  WEB2,
  WEB3,
} from "../../mod/pipeline/testing/cluster.ts";
import { ACCESS, DATA, RED, WEB } from "../../mod/pipeline/testing/example.ts";
import { ClusterLab, UNDERLAY4, UNDERLAY6 } from "./cluster_lab.ts";
import { BRIDGE as SWITCH } from "./pipeline_lab.ts";

/** Where a packet that host one has goes: ports, tunnel addresses, "answered". Nowhere: dropped. */
type Case = readonly [what: string, packet: readonly string[], fate: readonly string[]];
type Sender = typeof WEB1.endpoint;

const ALL = "ff:ff:ff:ff:ff:ff";
const NOBODY = "02:02:00:00:00:99";
const [web1, web2, web3, red1, red2] = [WEB1, WEB2, WEB3, RED1, RED2].map((p) => p.endpoint) as [
  Sender,
  Sender,
  Sender,
  Sender,
  Sender,
];
const ll = linkLocalAddress(web1.mac);

const ROUTED = (peer: string, other: string): readonly Case[] => [
  ["to a remote neighbour", ip(web1, web2.address), [peer]],
  ["to a remote neighbour over IPv6", ip6(web1, `${web2.address6}`), [peer]],
  ["to the tenant's other network", ip(web1, DATA2.endpoint.address), [peer]],
  ["to the third host", ip(web1, web3.address), [other]],
  ["to the other tenant's neighbour", ip(red1, red2.address), [peer]],
  ["to an address only the other tenant has", ip(red1, web3.address), []],
  ["ARP for a remote neighbour", ask(web1, web2.address), ["answered"]],
  ["ARP for nobody", ask(web1, "10.1.1.77"), []],
  ["solicitation for a remote neighbour", solicit(web1, `${web2.address6}`), ["answered"]],
  ["broadcast", [...ip(web1, "10.1.1.255"), `dl_dst=${ALL}`], []],
  ["to the outside", udp(web1, "198.51.100.1", 4790), ["65000"]],
  ["into other hosts' tunnels", udp(web1, "198.51.100.1", 4789), []],
  ["from a peer", [...ip(web2, web1.address), ...tunnel(peer, WEB.vni)], ["1"]],
  [
    "from a peer, another tenant's of that address",
    [...ip(red2, red1.address), ...tunnel(peer, RED.vni)],
    ["2"],
  ],
  ["from no peer", [...ip(web2, web1.address), ...tunnel("192.0.2.66", WEB.vni)], []],
  ["from a peer, in no network", [...ip(web2, web1.address), ...tunnel(peer, 4711)], []],
  [
    "from a peer, of the tenant's network without an endpoint here",
    [...ip(web2, web1.address), ...tunnel(peer, DATA.vni)],
    ["1"],
  ],
  [
    "from a peer to another peer: split horizon",
    [...ip(web2, web3.address), ...tunnel(peer, WEB.vni)],
    [],
  ],
  ["from a peer to the host", [...ip(web2, ACCESS.address), ...tunnel(peer, WEB.vni)], []],
  ["from a peer to the outside", [...ip(web2, "198.51.100.1"), ...tunnel(peer, WEB.vni)], []],
  [
    "from a peer to a private address",
    [...ip(web2, `${web1.hostAddress}`), ...tunnel(peer, WEB.vni)],
    [],
  ],
  ["from a peer, ARP", [...ask(web2, web1.address), ...tunnel(peer, WEB.vni)], []],
];

const BRIDGED = (peer: string, other: string): readonly Case[] => [
  ["to a remote neighbour", to(web2.mac, ip(web1, web2.address)), [peer]],
  ["to the third host", to(web3.mac, ip6(web1, `${web3.address6}`)), [other]],
  ["to a remote neighbour of the other tenant", to(red2.mac, ip(red1, red2.address)), [peer]],
  ["to an unknown MAC", to(NOBODY, ip(web1, "198.51.100.1")), [peer, other]],
  ["broadcast", to(ALL, ip(web1, "10.1.1.255")), [peer, other]],
  ["broadcast of the other tenant", to(ALL, ip(red1, "10.1.1.255")), [peer]],
  ["multicast DNS", to("01:00:5e:00:00:fb", ip(web1, "224.0.0.251")), [peer, other]],
  ["IGMP report", to("01:00:5e:00:00:16", igmp(web1)), [peer, other]],
  ["multicast DNS, link-local", to("33:33:00:00:00:fb", ip6(own6(ll), "ff02::fb")), [peer, other]],
  ["MLD report", icmp6(own6(ll), "ff02::16", 143), [peer, other]],
  ["MLD report without an address", icmp6(own6("::"), "ff02::16", 143), [peer, other]],
  ["under a foreign link-local address", to(ALL, ip6(own6("fe80::99"), "ff02::fb")), []],
  ["under a neighbour's address", to(web2.mac, ip(own(web3.address), web2.address)), []],
  ["under a neighbour's MAC", to(web2.mac, ip({ ...web1, mac: web3.mac }, web2.address)), []],
  ["DHCP request", to(ALL, [...ip(own("0.0.0.0"), "255.255.255.255"), "nw_proto=17"]), []],
  ["router solicitation", icmp6(own6(ll), "ff02::2", 133), []],
  ["router advertisement", icmp6(own6(ll), "ff02::1", 134), []],
  ["to a bridge's own addresses", to("01:80:c2:00:00:0e", ip(web1, web2.address)), []],
  ["to the private subnet's host", to(ROUTER_MAC, ip(web1, ACCESS.address)), [peer, other]],
  ["ARP for the own address", to(ALL, ask(web1, web1.address)), [peer, other]],
  ["ARP for nobody known", to(ALL, ask(web1, "10.1.1.77")), [peer, other]],
  ["ARP reply", to(web2.mac, [...ask(web1, web2.address), "arp_op=2"]), [peer]],
  ["ARP under a neighbour's address", to(ALL, ask(own(web3.address), web2.address)), []],
  ["duplicate address detection", solicit(own6("::"), `${web1.address6}`), [peer, other]],
  ["solicitation for a link-local address", solicit(own6(ll), "fe80::1"), [peer, other]],
  ["own advertisement", to(web2.mac, advertise(web1, `${web1.address6}`)), [peer]],
  ["own link-local advertisement", to(web2.mac, advertise(own6(ll), ll)), [peer]],
  ["advertisement for a neighbour", to(web2.mac, advertise(web1, `${web3.address6}`)), []],
  [
    "advertisement with another MAC",
    to(web2.mac, [...advertise(web1, `${web1.address6}`), `nd_tll=${NOBODY}`]),
    [],
  ],
  ["from a peer", [...to(web1.mac, ip(web2, web1.address)), ...tunnel(peer, WEB.vni)], ["1"]],
  ["from a peer to all", [...to(ALL, ip(web2, "10.1.1.255")), ...tunnel(peer, WEB.vni)], ["1"]],
  [
    "from a peer to all of the other tenant",
    [...to(ALL, ip(red2, "10.1.1.255")), ...tunnel(peer, RED.vni)],
    ["2"],
  ],
  [
    "from a peer to another peer: split horizon",
    [...to(web3.mac, ip(web2, web3.address)), ...tunnel(peer, WEB.vni)],
    [],
  ],
  [
    "from a peer, ARP for somebody here",
    [...to(ALL, ask(web2, web1.address)), ...tunnel(peer, WEB.vni)],
    ["1"],
  ],
  [
    "from a peer, solicitation",
    [...solicit(web2, `${web1.address6}`), ...tunnel(peer, WEB.vni)],
    ["1"],
  ],
  [
    "from a peer, router advertisement",
    [...icmp6(web2, "ff02::1", 134), ...tunnel(peer, WEB.vni)],
    [],
  ],
  [
    "from a peer, of a network without an endpoint here",
    [...to(ALL, ip(web2, "10.1.2.255")), ...tunnel(peer, DATA.vni)],
    [],
  ],
  [
    "from no peer",
    [...to(web1.mac, ip(web2, web1.address)), ...tunnel("fd00:9::66", WEB.vni)],
    [],
  ],
];

const PROXIED = (peer: string, other: string): readonly Case[] => [
  ["ARP for a remote neighbour", to(ALL, ask(web1, web2.address)), ["answered"]],
  ["ARP probe for a neighbour's address", to(ALL, ask(own("0.0.0.0"), web2.address)), ["answered"]],
  ["ARP for the tenant's other network", to(ALL, ask(web1, DATA2.endpoint.address)), [peer, other]],
  ["solicitation for a remote neighbour", solicit(web1, `${web2.address6}`), ["answered"]],
];

const FLOODED = (peer: string, other: string): readonly Case[] => [
  ["ARP for a remote neighbour", to(ALL, ask(web1, web2.address)), [peer, other]],
  ["solicitation for a remote neighbour", solicit(web1, `${web2.address6}`), [peer, other]],
];

Deno.test("hosts in routing mode decide every kind of packet as their tables say", async () => {
  await using lab = await ClusterLab.start(ROUTING, UNDERLAY4);
  const { two, three } = UNDERLAY4.vteps;
  await check(lab, ROUTED(two, three));
});

Deno.test("hosts in bridge mode decide every kind of packet as their tables say", async () => {
  await using lab = await ClusterLab.start(BRIDGE, UNDERLAY6);
  const { two, three } = UNDERLAY6.vteps;
  await check(lab, [...BRIDGED(two, three), ...PROXIED(two, three)]);
  await lab.program(BRIDGE_FLOOD);
  await check(lab, [...BRIDGED(two, three), ...FLOODED(two, three)]);
});

async function check(lab: ClusterLab, cases: readonly Case[]): Promise<void> {
  for (const [what, packet, fate] of cases) deepEqual(await fateOf(lab, packet), fate, what);
}

async function fateOf(lab: ClusterLab, packet: readonly string[]): Promise<string[]> {
  // The last of two values for a field counts: a case states what differs from an ordinary packet at the end.
  const fields = new Map(packet.map((field) => [field.split("=")[0], field]));
  const flow = [...fields.values()].join(",");
  const lines = (await lab.host("one").appctl("ofproto/trace", SWITCH, flow)).split("\n");
  return lines.flatMap((line, index) => {
    const [, address] = /-> tunneling to (\S+) via /.exec(line) ?? [];
    if (address !== undefined) return [address];
    if (/^\s+IN_PORT$/.test(line)) return ["answered"];
    const [, port] = /^\s+(?:output:|-> output port is )(\d+)$/.exec(line) ?? [];
    const skipped = /skipping output to input port/.test(`${lines[index + 1]}`);
    return port === undefined || port === `${TUNNEL_PORT}` || skipped ? [] : [port];
  });
}

function own(address: string): Sender {
  return { ...web1, address };
}

function own6(address6: string): Sender {
  return { ...web1, address6 };
}

function to(mac: string, packet: readonly string[]): string[] {
  return [...packet, `dl_dst=${mac}`];
}

/** What makes a packet one that came by tunnel. */
function tunnel(vtep: string, vni: number): string[] {
  const source = vtep.includes(":") ? "tun_ipv6_src" : "tun_src";
  return [`in_port=${TUNNEL_PORT}`, `tun_id=${vni}`, `${source}=${vtep}`];
}

function frame({ port, mac }: Sender): string[] {
  return [`in_port=${port}`, `dl_src=${mac}`, `dl_dst=${ROUTER_MAC}`];
}

function ip(from: Sender, target: string): string[] {
  return ["ip", ...frame(from), `nw_src=${from.address}`, `nw_dst=${target}`];
}

function udp(from: Sender, target: string, port: number): string[] {
  return ["udp", ...ip(from, target).slice(1), `udp_dst=${port}`];
}

function igmp(from: Sender): string[] {
  return [...ip(from, "224.0.0.22"), "nw_proto=2"];
}

function ip6(from: Sender, target: string): string[] {
  return ["ipv6", ...frame(from), `ipv6_src=${from.address6}`, `ipv6_dst=${target}`];
}

function icmp6(from: Sender, target: string, type: number): string[] {
  return to("33:33:00:00:00:01", [
    "icmp6",
    ...ip6(from, target).slice(1),
    `icmpv6_type=${type}`,
  ]);
}

function ask(from: Sender, target: string): string[] {
  const addresses = [`arp_spa=${from.address}`, `arp_sha=${from.mac}`, `arp_tpa=${target}`];
  return ["arp", ...frame(from), "arp_op=1", ...addresses];
}

/** From `::` without its option, as duplicate address detection must be. */
function solicit(from: Sender, target: string): string[] {
  const option = from.address6 === "::" ? [] : [`nd_sll=${from.mac}`];
  return [...icmp6(from, "ff02::1:ff00:1", 135), `nd_target=${target}`, ...option];
}

function advertise(from: Sender, target: string): string[] {
  return [...icmp6(from, `${web2.address6}`, 136), `nd_target=${target}`, `nd_tll=${from.mac}`];
}

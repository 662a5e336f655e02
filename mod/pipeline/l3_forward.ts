/**
 * Table l3_forward: the router of every tenant, in routing mode. Matches VRF and destination address, writes both MACs and the output port. What is in a
 * subnet of the VRF but known to nobody is dropped here, never sent to the outside; the rest of an endpoint's traffic goes to host_snat.
 *
 * TTL and hop limit stay as they are: containers of one network are neighbours to each other, and protocols among neighbours rely on
 * 1 or 255 (RFC 5082); between networks there is no loop to end, since nothing that arrives from a tunnel leaves by one. On the way to the
 * outside the host itself counts as a hop.
 * @module
 */
import { ROUTER_MAC } from "../net/mac.ts";
import type { Feature, TunnelHost } from "./feature.ts";
import type { Flow } from "./flow.ts";
import type {
  PipelineEndpoint,
  PipelineHost,
  PipelineHostAccess,
  PipelineNetwork,
  PipelineRemoteEndpoint,
} from "./input.ts";
import { loadRegister, matchRegister, matchSource } from "./registers.ts";
import { type FamilySyntax, perFamily, setField } from "./syntax.ts";
import { gotoTable, missDrop, TABLES } from "./tables.ts";
import { toTunnel } from "./tunnel.ts";

const UNROUTABLE = 300;
const ENDPOINT = 200;
const SUBNET = 150;
const HOST = 120;
/** What must not leave by the host. */
const NOT_OUTSIDE = 110;
const OUTSIDE = 10;
const table = TABLES.l3_forward;

/**
 * Destinations that no router forwards: broadcast and multicast frames, "this network", loopback (which a host with route_localnet would
 * take for its own), multicast and reserved addresses, link-local ones.
 */
const UNROUTABLE_MATCHES: readonly (readonly string[])[] = [
  ["dl_dst=01:00:00:00:00:00/01:00:00:00:00:00"],
  ["ip", "nw_dst=0.0.0.0/8"],
  ["ip", "nw_dst=127.0.0.0/8"],
  ["ip", "nw_dst=224.0.0.0/3"],
  ["ipv6", "ipv6_dst=::/127"],
  ["ipv6", "ipv6_dst=fe80::/10"],
  ["ipv6", "ipv6_dst=ff00::/8"],
];

export const l3Forward: Feature = {
  tables: ["l3_forward"],

  base: ({ access, forwarding, vxlanPort }: PipelineHost): readonly Flow[] =>
    forwarding === "bridge" ? [missDrop("l3_forward")] : [
      ...UNROUTABLE_MATCHES.map((match) => ({ table, priority: UNROUTABLE, match, actions: [] })),
      ...(access ? outward(access) : []),
      ...(access && vxlanPort !== undefined ? forgedTunnels(vxlanPort) : []),
      missDrop("l3_forward"),
    ],

  network: (
    { vrf, subnet, subnet6, hostReaches }: PipelineNetwork,
    { forwarding }: PipelineHost,
  ): readonly Flow[] =>
    forwarding === "bridge" ? [] : perFamily(subnet, subnet6, (prefix, syntax) => [
      { table, priority: SUBNET, match: inVrf(vrf, prefix, syntax), actions: [] },
      // Or the host would forward other tenants' packets into it, under its own address.
      ...(hostReaches ? [drop([syntax.ip, `${syntax.destination}=${prefix}`])] : []),
    ]).flat(),

  endpoint: (
    endpoint: PipelineEndpoint,
    _network: PipelineNetwork,
    { forwarding }: PipelineHost,
  ): readonly Flow[] =>
    forwarding === "bridge" ? [] : reach(endpoint, endpoint.mac, endpoint.port, []),

  remote: (
    remote: PipelineRemoteEndpoint,
    { vni }: PipelineNetwork,
    { forwarding, tunnelPort }: TunnelHost,
  ): readonly Flow[] =>
    forwarding === "bridge"
      ? []
      : reach(remote, ROUTER_MAC, tunnelPort, toTunnel(vni, remote.vtep)),
};

function reach(
  { vrf, address, address6 }: PipelineEndpoint | PipelineRemoteEndpoint,
  mac: string,
  port: number,
  outer: readonly string[],
): Flow[] {
  return perFamily(address, address6, (destination, syntax) => ({
    table,
    priority: ENDPOINT,
    match: inVrf(vrf, destination, syntax),
    actions: [
      setField(ROUTER_MAC, "eth_src"),
      setField(mac, "eth_dst"),
      ...outer,
      loadRegister("outputPort", port),
      gotoTable("qos"),
    ],
  }));
}

/** The host itself may be spoken to; the private addresses beside it are other containers', of any tenant. */
function outward({ address, address6, subnet, subnet6 }: PipelineHostAccess): Flow[] {
  return [
    ...perFamily(address, address6, (own, syntax) => ({
      table,
      priority: HOST,
      match: [syntax.ip, matchSource("endpoint"), `${syntax.destination}=${own}`],
      actions: [gotoTable("host_snat")],
    })),
    ...perFamily(
      subnet,
      subnet6,
      (prefix, syntax) => drop([syntax.ip, `${syntax.destination}=${prefix}`]),
    ),
    {
      table,
      priority: OUTSIDE,
      match: [matchSource("endpoint")],
      actions: [gotoTable("host_snat")],
    },
  ];
}

/**
 * By the host's masquerading they would come from its tunnel address, and other hosts would take them for its own: into any tenant, from
 * any sender.
 */
function forgedTunnels(vxlanPort: number): Flow[] {
  return ["udp", "udp6"].map((udp) => drop([udp, `tp_dst=${vxlanPort}`]));
}

function drop(match: readonly string[]): Flow {
  return { table, priority: NOT_OUTSIDE, match, actions: [] };
}

function inVrf(vrf: number, destination: string, syntax: FamilySyntax): string[] {
  return [syntax.ip, matchRegister("vrf", vrf), `${syntax.destination}=${destination}`];
}

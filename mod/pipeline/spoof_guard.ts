/**
 * Table spoof_guard: an endpoint speaks only for itself. Only what is listed passes, and only under the endpoint's own MAC: IP under its own
 * address, ARP and neighbour solicitations that name its own MAC. Writes nothing. Packets of the host and of tunnels do not come here.
 *
 * DHCP, router advertisements, redirects, neighbour advertisements, MLD, VLAN tags and other protocols fall out by not being listed.
 * @module
 */
import type { Feature } from "./feature.ts";
import type { Flow } from "./flow.ts";
import type { PipelineEndpoint } from "./input.ts";
import { gotoTable, missDrop, type TableName, TABLES } from "./tables.ts";
import { ICMPV6 } from "./icmp.ts";

/** Never from a container, whatever else matches. */
const FORBIDDEN = 200;
/** Neighbour solicitations that are in order. */
const SOLICITATION = 120;
/** All other neighbour discovery, which would otherwise pass as IPv6. */
const DISCOVERY = 110;
const OWN = 100;
const table = TABLES.spoof_guard;

export const spoofGuard: Feature = {
  tables: ["spoof_guard"],

  base: (): readonly Flow[] => [
    { table, priority: FORBIDDEN, match: ["vlan_tci=0x1000/0x1000"], actions: [] },
    ...[
      ICMPV6.routerSolicitation,
      ICMPV6.routerAdvertisement,
      ICMPV6.neighbourSolicitation,
      ICMPV6.neighbourAdvertisement,
      ICMPV6.redirect,
    ].map((type) => ({
      table,
      priority: DISCOVERY,
      match: ["icmp6", `icmp_type=${type}`],
      actions: [],
    })),
    missDrop("spoof_guard"),
  ],

  endpoint: (endpoint: PipelineEndpoint): readonly Flow[] => [
    ...arp(endpoint),
    pass(endpoint, OWN, ["ip", `nw_src=${endpoint.address}`], "gateway_echo"),
    ...(endpoint.address6 === undefined ? [] : [
      ...solicitations(endpoint, endpoint.address6),
      pass(endpoint, OWN, ["ipv6", `ipv6_src=${endpoint.address6}`], "gateway_echo"),
    ]),
  ],
};

/** Requests under the own address, and probes (RFC 5227: sender address all zero). */
function arp(endpoint: PipelineEndpoint): Flow[] {
  return [endpoint.address, "0.0.0.0"].map((sender) =>
    pass(
      endpoint,
      OWN,
      ["arp", `arp_spa=${sender}`, `arp_sha=${endpoint.mac}`],
      "arp_responder",
    )
  );
}

/**
 * RFC 4861 section 4.3: a solicitation carries its sender's MAC as an option, except from the unspecified address (duplicate address
 * detection), where it must not. A link-local address is good for nothing but this: link-local traffic goes nowhere in routing mode.
 */
function solicitations(endpoint: PipelineEndpoint, address6: string): Flow[] {
  const absent = "00:00:00:00:00:00";
  const senders = [[address6, endpoint.mac], ["fe80::/10", endpoint.mac], ["::", absent]];
  return senders.map(([source, option]) =>
    pass(endpoint, SOLICITATION, [
      "icmp6",
      `ipv6_src=${source}`,
      `icmp_type=${ICMPV6.neighbourSolicitation}`,
      "icmp_code=0",
      `nd_sll=${option}`,
    ], "nd_responder")
  );
}

function pass(
  endpoint: PipelineEndpoint,
  priority: number,
  [protocol = "", ...fields]: readonly string[],
  next: TableName,
): Flow {
  const match = [protocol, `in_port=${endpoint.port}`, `dl_src=${endpoint.mac}`, ...fields];
  return { table, priority, match, actions: [gotoTable(next)] };
}

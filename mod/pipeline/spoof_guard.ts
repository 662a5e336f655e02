/**
 * Table spoof_guard: an endpoint speaks only for itself. Only what is listed passes, and only under the endpoint's own MAC: IP under its own
 * address, ARP and neighbour solicitations that name its own MAC. Writes nothing. Packets of the host and of tunnels do not come here.
 *
 * In bridge mode, where neighbours answer each other, also its own neighbour advertisements, its own link-local address, and multicast
 * listener reports. DHCP, router advertisements, redirects, VLAN tags and other protocols fall out by not being listed.
 * @module
 */
import type { Feature } from "./feature.ts";
import type { Flow } from "./flow.ts";
import { ICMPV6 } from "./icmp.ts";
import type { PipelineEndpoint, PipelineHost, PipelineNetwork } from "./input.ts";
import { linkLocalAddress } from "./link_local.ts";
import { gotoTable, missDrop, type TableName, TABLES } from "./tables.ts";

/** Never from a container, whatever else matches. */
const FORBIDDEN = 200;
/** Neighbour discovery that is in order. */
const OWN_DISCOVERY = 120;
/** All other neighbour discovery, which would otherwise pass as IPv6. */
const DISCOVERY = 110;
const OWN = 100;
const table = TABLES.spoof_guard;
/** How Open vSwitch shows a neighbour discovery option that is not there. */
const ABSENT = "00:00:00:00:00:00";

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

  endpoint: (
    endpoint: PipelineEndpoint,
    _network: PipelineNetwork,
    { forwarding }: PipelineHost,
  ): readonly Flow[] => [
    ...arp(endpoint),
    pass(endpoint, OWN, ["ip", `nw_src=${endpoint.address}`], "gateway_echo"),
    ...(endpoint.address6 === undefined
      ? []
      : forwarding === "routing"
      ? routed6(endpoint, endpoint.address6)
      : bridged6(endpoint, endpoint.address6)),
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

/** A link-local address is good for nothing but asking: link-local traffic goes nowhere in routing mode. */
function routed6(endpoint: PipelineEndpoint, address6: string): Flow[] {
  return [
    ...solicitations(endpoint, [address6, "fe80::/10"]),
    pass(endpoint, OWN, ["ipv6", `ipv6_src=${address6}`], "gateway_echo"),
  ];
}

function bridged6(endpoint: PipelineEndpoint, address6: string): Flow[] {
  const linkLocal = linkLocalAddress(endpoint.mac);
  const report = `icmp_type=${ICMPV6.multicastListenerReport2}`;
  return [
    ...solicitations(endpoint, [address6, linkLocal]),
    ...[address6, linkLocal].flatMap((address) => advertisements(endpoint, address)),
    pass(endpoint, OWN, ["ipv6", `ipv6_src=${address6}`], "gateway_echo"),
    pass(endpoint, OWN, ["ipv6", `ipv6_src=${linkLocal}`], "nd_responder"),
    // Sent before there is an address (RFC 3590).
    pass(endpoint, OWN, ["icmp6", "ipv6_src=::", report, "icmp_code=0"], "nd_responder"),
  ];
}

/**
 * RFC 4861 section 4.3: a solicitation carries its sender's MAC as an option, except from the unspecified address (duplicate address
 * detection), where it must not.
 */
function solicitations(endpoint: PipelineEndpoint, sources: readonly string[]): Flow[] {
  const senders = [...sources.map((source) => [source, endpoint.mac]), ["::", ABSENT]];
  return senders.map(([source, option]) =>
    pass(endpoint, OWN_DISCOVERY, [
      "icmp6",
      `ipv6_src=${source}`,
      `icmp_type=${ICMPV6.neighbourSolicitation}`,
      "icmp_code=0",
      `nd_sll=${option}`,
    ], "nd_responder")
  );
}

/** For an own address, from it, with the own MAC or, as an answer to a unicast solicitation may be (section 4.4), without one. */
function advertisements(endpoint: PipelineEndpoint, address: string): Flow[] {
  return [endpoint.mac, ABSENT].map((option) =>
    pass(endpoint, OWN_DISCOVERY, [
      "icmp6",
      `ipv6_src=${address}`,
      `icmp_type=${ICMPV6.neighbourAdvertisement}`,
      "icmp_code=0",
      `nd_target=${address}`,
      `nd_tll=${option}`,
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

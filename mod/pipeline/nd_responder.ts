/**
 * Tables nd_responder and nd_reply: the switch answers IPv6 neighbour solicitations (RFC 4861) by the rules of the ARP responder, in either
 * mode. nd_responder decides, makes the solicitation (type 135) an advertisement (136), and leaves the MAC of the answer in the destination
 * MAC and the flags in the scratch register; only then, in nd_reply, which matches 136, does Open vSwitch let the advertisement's own
 * fields be written.
 *
 * Other neighbour discovery ends here in routing mode, where the switch alone speaks for neighbours. In bridge mode it goes on to l2_forward,
 * as multicast listener discovery does, which is no matter for conntrack and policy.
 * @module
 */
import { ROUTER_MAC } from "../net/mac.ts";
import type { Feature } from "./feature.ts";
import type { Flow } from "./flow.ts";
import { ICMPV6 } from "./icmp.ts";
import type {
  PipelineEndpoint,
  PipelineHost,
  PipelineHostAccess,
  PipelineNetwork,
  PipelineRemoteEndpoint,
} from "./input.ts";
import { loadRegister, matchRegister, matchSource } from "./registers.ts";
import { isVlan, matchSegment } from "./segment.ts";
import { setField } from "./syntax.ts";
import { gotoTable, missTo, TABLES } from "./tables.ts";
import { ndReplies, NEIGHBOUR_ADVERTISEMENT } from "./nd_reply.ts";

/** Questions that the switch leaves alone, as in the ARP responder. */
const NOT_OURS = 200;
/** Above endpoints, as in the ARP responder. */
const GATEWAY = 120;
const KNOWN = 100;
const ANY_DISCOVERY = 10;
const ANY_FROM_ELSEWHERE = 5;
const table = TABLES.nd_responder;
const SOLICITATION = [`icmp_type=${ICMPV6.neighbourSolicitation}`, "icmp_code=0"];

export const ndResponder: Feature = {
  tables: ["nd_responder", "nd_reply"],

  base: (host: PipelineHost): readonly Flow[] => [
    ...(host.access ? askedByHost(host.access) : []),
    ...(host.forwarding === "bridge" ? bridged() : []),
    ...otherDiscovery(host),
    missTo("nd_responder", "gateway_echo"),
    ...ndReplies(),
  ],

  network: ({ vrf, gateway6 }: PipelineNetwork, { forwarding }: PipelineHost): readonly Flow[] =>
    gateway6 === undefined || forwarding === "bridge" ? [] : [
      answer(
        GATEWAY,
        matchRegister("vrf", vrf),
        gateway6,
        ROUTER_MAC,
        NEIGHBOUR_ADVERTISEMENT.gateway,
      ),
    ],

  endpoint: (
    endpoint: PipelineEndpoint,
    network: PipelineNetwork,
    host: PipelineHost,
  ): readonly Flow[] => {
    const asker = `in_port=${endpoint.port}`;
    const match = ["icmp6", asker, ...SOLICITATION, `nd_target=${endpoint.address6}`];
    const known = knownAddress(endpoint, network, host);
    return known.length === 0
      ? []
      : [{ table, priority: NOT_OURS, match, actions: unanswered(host) }, ...known];
  },

  remote: knownAddress,
};

function unanswered({ forwarding }: PipelineHost): string[] {
  return forwarding === "bridge" ? [gotoTable("l2_forward")] : [];
}

function askedByHost({ address6, subnet6 }: PipelineHostAccess): Flow[] {
  const asker = matchSource("host");
  const match = ["icmp6", asker, ...SOLICITATION, `nd_target=${address6}`];
  return [
    { table, priority: NOT_OURS, match, actions: [] },
    answer(KNOWN, asker, subnet6, ROUTER_MAC, NEIGHBOUR_ADVERTISEMENT.neighbour),
  ];
}

/** What only bridge mode lets through. Packets of other hosts, which were checked and translated where they came from, go on at conntrack. */
function bridged(): Flow[] {
  const actions = [gotoTable("l2_forward")];
  const listeners = [
    ICMPV6.multicastListenerQuery,
    ICMPV6.multicastListenerReport,
    ICMPV6.multicastListenerDone,
    ICMPV6.multicastListenerReport2,
  ];
  return [
    {
      table,
      priority: NOT_OURS,
      match: ["icmp6", matchSource("tunnel"), ...SOLICITATION],
      actions,
    },
    ...listeners.map((type) => ({
      table,
      priority: ANY_DISCOVERY,
      match: ["icmp6", `icmp_type=${type}`],
      actions,
    })),
    ...(["tunnel", "uplink"] as const).map((kind) => ({
      table,
      priority: ANY_FROM_ELSEWHERE,
      match: [matchSource(kind)],
      actions: [gotoTable("conntrack")],
    })),
  ];
}

/** Routers do not exist on a segment but by configuration: their discovery ends here in either mode. */
function otherDiscovery(host: PipelineHost): Flow[] {
  const fate: readonly (readonly [type: number, actions: readonly string[]])[] = [
    [ICMPV6.routerSolicitation, []],
    [ICMPV6.routerAdvertisement, []],
    [ICMPV6.neighbourSolicitation, unanswered(host)],
    [ICMPV6.neighbourAdvertisement, unanswered(host)],
    [ICMPV6.redirect, []],
  ];
  return fate.map(([type, actions]) => ({
    table,
    priority: ANY_DISCOVERY,
    match: ["icmp6", `icmp_type=${type}`],
    actions,
  }));
}

function knownAddress(
  { vrf, address6, mac }: PipelineEndpoint | PipelineRemoteEndpoint,
  network: PipelineNetwork,
  { forwarding, arpMode }: PipelineHost,
): Flow[] {
  if (address6 === undefined || (forwarding === "bridge" && isVlan(network))) return [];
  const flags = NEIGHBOUR_ADVERTISEMENT.neighbour;
  if (forwarding === "routing") {
    return [answer(KNOWN, matchRegister("vrf", vrf), address6, ROUTER_MAC, flags)];
  }
  return arpMode === "flood" ? [] : [answer(KNOWN, matchSegment(network), address6, mac, flags)];
}

function answer(
  priority: number,
  asker: string,
  target: string,
  mac: string,
  flags: number,
): Flow {
  return {
    table,
    priority,
    match: ["icmp6", asker, ...SOLICITATION, `nd_target=${target}`],
    actions: [
      setField(ICMPV6.neighbourAdvertisement, "icmpv6_type"),
      setField(mac, "eth_dst"),
      loadRegister("scratch", flags),
      gotoTable("nd_reply"),
    ],
  };
}

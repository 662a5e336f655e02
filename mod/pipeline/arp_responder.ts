/**
 * Tables arp_responder and arp_reply: the switch answers ARP for every address it knows. arp_responder decides and leaves the MAC of the
 * answer in the destination MAC, which a request no longer needs; arp_reply turns the request around.
 *
 * To an uplink it answers for endpoints of this host only: the others' hosts hear the question, too.
 *
 * Routing mode: known is what the asker's VRF has, the answer is always the router's MAC, and nothing is ever flooded. Bridge mode, ARP mode
 * "proxy": known is what the segment has, here or on another host, and the answer is the endpoint's own MAC; the rest goes where
 * broadcasts go. ARP mode "flood": all of it does.
 *
 * An endpoint's question for its own address (conflict probe or announcement, RFC 5227) is not answered by the switch, or it would give the
 * address up; one for another endpoint's address is answered, so that it does.
 * @module
 */
import { ROUTER_MAC } from "../net/mac.ts";
import type { Feature } from "./feature.ts";
import type { Flow } from "./flow.ts";
import type {
  PipelineEndpoint,
  PipelineHost,
  PipelineHostAccess,
  PipelineNetwork,
  PipelineRemoteEndpoint,
} from "./input.ts";
import { matchRegister, matchSource, wholeRegister } from "./registers.ts";
import { isVlan, matchSegment } from "./segment.ts";
import { FIELD, move, setField, TO_SENDER } from "./syntax.ts";
import { gotoTable, missDrop, missTo, TABLES } from "./tables.ts";

/** Questions that the switch leaves alone: endpoints' for their own address, and those another host's switch has left alone. */
const NOT_OURS = 200;
/** Above endpoints: if a record should ever give an endpoint the gateway's address, the gateway keeps it. */
const GATEWAY = 120;
const KNOWN = 100;
const ANY_ARP = 10;
const table = TABLES.arp_responder;

export const arpResponder: Feature = {
  tables: ["arp_responder", "arp_reply"],

  base: (host: PipelineHost): readonly Flow[] => [
    ...(host.access ? askedByHost(host.access) : []),
    ...(host.forwarding === "bridge"
      ? [{
        table,
        priority: NOT_OURS,
        match: ["arp", matchSource("tunnel")],
        actions: unanswered(host),
      }]
      : []),
    { table, priority: ANY_ARP, match: ["arp"], actions: unanswered(host) },
    missTo("arp_responder", "nd_responder"),
    { table: TABLES.arp_reply, priority: 100, match: ["arp"], actions: REPLY },
    missDrop("arp_reply"),
  ],

  network: ({ vrf, gateway }: PipelineNetwork, { forwarding }: PipelineHost): readonly Flow[] =>
    gateway === undefined || forwarding === "bridge"
      ? []
      : [answer(GATEWAY, [matchRegister("vrf", vrf)], gateway, ROUTER_MAC)],

  endpoint: (
    endpoint: PipelineEndpoint,
    network: PipelineNetwork,
    host: PipelineHost,
  ): readonly Flow[] => {
    const match = ["arp", `in_port=${endpoint.port}`, `arp_tpa=${endpoint.address}`];
    const known = knownAddress(endpoint, network, host);
    return known.length === 0
      ? []
      : [{ table, priority: NOT_OURS, match, actions: unanswered(host) }, ...known];
  },

  remote: (remote: PipelineRemoteEndpoint, network: PipelineNetwork, host: PipelineHost) =>
    knownAddress(remote, network, host, isVlan(network) ? [matchSource("endpoint")] : []),
};

function unanswered({ forwarding }: PipelineHost): string[] {
  return forwarding === "bridge" ? [gotoTable("l2_forward")] : [];
}

/** Every private address is some container's or nobody's: for the host they are all behind the router. */
function askedByHost({ address, subnet }: PipelineHostAccess): Flow[] {
  const match = ["arp", matchSource("host"), `arp_tpa=${address}`];
  return [
    { table, priority: NOT_OURS, match, actions: [] },
    answer(KNOWN, [matchSource("host")], subnet, ROUTER_MAC),
  ];
}

function knownAddress(
  { vrf, address, mac }: PipelineEndpoint | PipelineRemoteEndpoint,
  network: PipelineNetwork,
  { forwarding, arpMode }: PipelineHost,
  asker: readonly string[] = [],
): Flow[] {
  if (forwarding === "routing") {
    return [answer(KNOWN, [matchRegister("vrf", vrf)], address, ROUTER_MAC)];
  }
  return arpMode === "flood"
    ? []
    : [answer(KNOWN, [...asker, matchSegment(network)], address, mac)];
}

function answer(priority: number, asker: readonly string[], target: string, mac: string): Flow {
  const match = ["arp", ...asker, `arp_tpa=${target}`, "arp_op=1"];
  return { table, priority, match, actions: [setField(mac, "eth_dst"), gotoTable("arp_reply")] };
}

const REPLY: readonly string[] = [
  setField(2, "arp_op"),
  move(FIELD.arpSenderMac, FIELD.arpTargetMac),
  move(FIELD.ethernetDestination, FIELD.arpSenderMac),
  move(FIELD.ethernetSource, FIELD.ethernetDestination),
  move(FIELD.arpSenderMac, FIELD.ethernetSource),
  move(FIELD.arpTargetAddress, wholeRegister("scratch")),
  move(FIELD.arpSenderAddress, FIELD.arpTargetAddress),
  move(wholeRegister("scratch"), FIELD.arpSenderAddress),
  TO_SENDER,
];

/**
 * Tables arp_responder and arp_reply: the switch answers ARP with the router's MAC for every address it knows in the asker's VRF, and
 * nothing is ever flooded. arp_responder decides, arp_reply turns the request around. Uses the scratch register between its own actions.
 *
 * An endpoint's question for its own address (conflict probe or announcement, RFC 5227) stays unanswered, or it would give the
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
} from "./input.ts";
import { matchRegister, matchSource, wholeRegister } from "./registers.ts";
import { FIELD, move, setField, TO_SENDER } from "./syntax.ts";
import { gotoTable, missDrop, missTo, TABLES } from "./tables.ts";

const OWN_ADDRESS = 200;
/** Above endpoints: if a record should ever give an endpoint the gateway's address, the gateway keeps it. */
const GATEWAY = 120;
const KNOWN = 100;
const ANY_ARP = 10;
const table = TABLES.arp_responder;

export const arpResponder: Feature = {
  tables: ["arp_responder", "arp_reply"],

  base: ({ access }: PipelineHost): readonly Flow[] => [
    ...(access ? askedByHost(access) : []),
    { table, priority: ANY_ARP, match: ["arp"], actions: [] },
    missTo("arp_responder", "nd_responder"),
    { table: TABLES.arp_reply, priority: 100, match: ["arp"], actions: REPLY },
    missDrop("arp_reply"),
  ],

  network: ({ vrf, gateway }: PipelineNetwork): readonly Flow[] =>
    gateway === undefined ? [] : [answer(GATEWAY, matchRegister("vrf", vrf), gateway)],

  endpoint: ({ port, vrf, address }: PipelineEndpoint): readonly Flow[] => [
    {
      table,
      priority: OWN_ADDRESS,
      match: ["arp", `in_port=${port}`, `arp_tpa=${address}`],
      actions: [],
    },
    answer(KNOWN, matchRegister("vrf", vrf), address),
  ],
};

/** Every private address is some container's or nobody's: for the host they are all behind the router. */
function askedByHost({ address, subnet }: PipelineHostAccess): Flow[] {
  const match = ["arp", matchSource("host"), `arp_tpa=${address}`];
  return [
    { table, priority: OWN_ADDRESS, match, actions: [] },
    answer(KNOWN, matchSource("host"), subnet),
  ];
}

function answer(priority: number, asker: string, target: string): Flow {
  const match = ["arp", asker, `arp_tpa=${target}`, "arp_op=1"];
  return { table, priority, match, actions: [gotoTable("arp_reply")] };
}

const REPLY: readonly string[] = [
  setField(2, "arp_op"),
  move(FIELD.ethernetSource, FIELD.ethernetDestination),
  setField(ROUTER_MAC, "eth_src"),
  move(FIELD.arpSenderMac, FIELD.arpTargetMac),
  setField(ROUTER_MAC, "arp_sha"),
  move(FIELD.arpTargetAddress, wholeRegister("scratch")),
  move(FIELD.arpSenderAddress, FIELD.arpTargetAddress),
  move(wholeRegister("scratch"), FIELD.arpSenderAddress),
  TO_SENDER,
];

/**
 * Table gateway_echo: a gateway exists only as flows, yet answers ping, from every network of its VRF. Matches echo requests to a
 * gateway's address (and their fragments) and turns them around; writes no register. Before conntrack and policy: the gateway is
 * infrastructure, and says only that the switch works.
 * @module
 */
import { ROUTER_MAC } from "../net/mac.ts";
import type { Feature } from "./feature.ts";
import type { Flow } from "./flow.ts";
import { ICMP, ICMPV6 } from "./icmp.ts";
import type { PipelineNetwork } from "./input.ts";
import { matchRegister, matchSource } from "./registers.ts";
import { FIELD, move, setField, TO_SENDER } from "./syntax.ts";
import { missTo, TABLES } from "./tables.ts";

const table = TABLES.gateway_echo;
const priority = 100;

export const gatewayEcho: Feature = {
  tables: ["gateway_echo"],

  base: (): readonly Flow[] => [missTo("gateway_echo", "host_dnat")],

  network: ({ vrf, gateway, gateway6 }: PipelineNetwork): readonly Flow[] => {
    const asker = [matchSource("endpoint"), matchRegister("vrf", vrf)];
    return [
      ...(gateway === undefined ? [] : echo4(asker, gateway)),
      ...(gateway6 === undefined ? [] : echo6(asker, gateway6)),
    ];
  },
};

/** Fragments but the first have no ICMP header to match or to change: they follow as they are, and reassemble to the reply. */
function echo4(asker: readonly string[], gateway: string): Flow[] {
  const match = (...fields: string[]) => ["icmp", ...asker, `nw_dst=${gateway}`, ...fields];
  const addresses = [
    move(FIELD.ipv4Source, FIELD.ipv4Destination),
    setField(gateway, "ip_src"),
  ];
  return [
    {
      table,
      priority,
      match: match(`icmp_type=${ICMP.echoRequest}`, "icmp_code=0"),
      actions: turn(setField(ICMP.echoReply, "icmp_type"), ...addresses),
    },
    { table, priority, match: match("nw_frag=later"), actions: turn(...addresses) },
  ];
}

function echo6(asker: readonly string[], gateway: string): Flow[] {
  const match = (...fields: string[]) => ["icmp6", ...asker, `ipv6_dst=${gateway}`, ...fields];
  const addresses = [
    move(FIELD.ipv6Source, FIELD.ipv6Destination),
    setField(gateway, "ipv6_src"),
  ];
  return [
    {
      table,
      priority,
      match: match(`icmp_type=${ICMPV6.echoRequest}`, "icmp_code=0"),
      actions: turn(setField(ICMPV6.echoReply, "icmpv6_type"), ...addresses),
    },
    { table, priority, match: match("nw_frag=later"), actions: turn(...addresses) },
  ];
}

function turn(...changes: string[]): string[] {
  return [
    ...changes,
    move(FIELD.ethernetSource, FIELD.ethernetDestination),
    setField(ROUTER_MAC, "eth_src"),
    TO_SENDER,
  ];
}

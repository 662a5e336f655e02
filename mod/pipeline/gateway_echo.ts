/**
 * Table gateway_echo, in routing mode: a gateway exists only as flows, yet answers ping, from every network of its VRF. Matches echo requests to a
 * gateway's address and turns them around; writes no register. Before conntrack and policy: the gateway is infrastructure, and says only
 * that the switch works. A request in fragments stays unanswered: Open vSwitch does not show the ICMP type of a fragment (ovs-ofctl(8),
 * set-frags).
 * @module
 */
import { ROUTER_MAC } from "../net/mac.ts";
import type { Feature } from "./feature.ts";
import type { Flow } from "./flow.ts";
import { ICMP, ICMPV6 } from "./icmp.ts";
import type { PipelineHost, PipelineNetwork } from "./input.ts";
import { matchRegister, matchSource } from "./registers.ts";
import { FIELD, move, setField, TO_SENDER } from "./syntax.ts";
import { missTo, TABLES } from "./tables.ts";

export const gatewayEcho: Feature = {
  tables: ["gateway_echo"],

  base: (): readonly Flow[] => [missTo("gateway_echo", "host_dnat")],

  network: (
    { vrf, gateway, gateway6 }: PipelineNetwork,
    { forwarding }: PipelineHost,
  ): readonly Flow[] => {
    if (forwarding === "bridge") return [];
    const asker = [matchSource("endpoint"), matchRegister("vrf", vrf)];
    return [
      ...(gateway === undefined ? [] : [echo4(asker, gateway)]),
      ...(gateway6 === undefined ? [] : [echo6(asker, gateway6)]),
    ];
  },
};

function echo4(asker: readonly string[], gateway: string): Flow {
  return turn(
    ["icmp", ...asker, `nw_dst=${gateway}`, `icmp_type=${ICMP.echoRequest}`, "icmp_code=0"],
    [
      setField(ICMP.echoReply, "icmp_type"),
      move(FIELD.ipv4Source, FIELD.ipv4Destination),
      setField(gateway, "ip_src"),
    ],
  );
}

function echo6(asker: readonly string[], gateway: string): Flow {
  return turn(
    ["icmp6", ...asker, `ipv6_dst=${gateway}`, `icmp_type=${ICMPV6.echoRequest}`, "icmp_code=0"],
    [
      setField(ICMPV6.echoReply, "icmpv6_type"),
      move(FIELD.ipv6Source, FIELD.ipv6Destination),
      setField(gateway, "ipv6_src"),
    ],
  );
}

function turn(match: readonly string[], changes: readonly string[]): Flow {
  return {
    table: TABLES.gateway_echo,
    priority: 100,
    match,
    actions: [
      ...changes,
      move(FIELD.ethernetSource, FIELD.ethernetDestination),
      setField(ROUTER_MAC, "eth_src"),
      TO_SENDER,
    ],
  };
}

/**
 * Tables with a place in the order but no feature yet: each passes every packet on. The feature that takes one over moves it out of here.
 *
 * - service_dnat: a service's address becomes a provider's, before conntrack sees the packet.
 * - conntrack: `ct` in the zone of the VRF; what follows sees the connection's state. It sees an endpoint's own address in both directions:
 *   after host_dnat, before host_snat.
 * - source_group, destination_group: the groups of remote senders and of receivers, by address, into their registers.
 * - policy_egress, policy_ingress: the rules of the sender's and of the receiver's group.
 * - l2_forward: MAC lookup within a segment, for bridge mode, which enters here in place of l3_forward.
 * - qos: DSCP and meters, once the way out is known.
 * @module
 */
import type { Feature } from "./feature.ts";
import type { Flow } from "./flow.ts";
import { missDrop, missTo, type TableName } from "./tables.ts";

const PASS_TO: readonly (readonly [from: TableName, to: TableName])[] = [
  ["service_dnat", "conntrack"],
  ["conntrack", "source_group"],
  ["source_group", "destination_group"],
  ["destination_group", "policy_egress"],
  ["policy_egress", "policy_ingress"],
  ["policy_ingress", "l3_forward"],
  ["qos", "output"],
];

export const reserved: Feature = {
  tables: [...PASS_TO.map(([from]) => from), "l2_forward"],

  base: (): readonly Flow[] => [
    ...PASS_TO.map(([from, to]) => missTo(from, to)),
    // Nothing is sent here yet; an empty table would drop as well, but not say so in a dump.
    missDrop("l2_forward"),
  ],
};

/**
 * Tables with a place in the order but no feature yet: each passes every packet on. The feature that takes one over moves it out of here.
 *
 * - service_dnat: a service's address becomes a provider's, before conntrack sees the packet.
 * - conntrack: `ct` in the zone of the VRF; what follows sees the connection's state. It sees an endpoint's own address in both directions:
 *   after host_dnat, before host_snat.
 * - destination_group: the groups of receivers, by address, into their register.
 * - policy_egress, policy_ingress: the rules of the sender's and of the receiver's group. Then the way parts by the forwarding mode.
 * - qos: DSCP and meters, once the way out is known.
 * @module
 */
import type { Feature } from "./feature.ts";
import type { Flow } from "./flow.ts";
import type { PipelineHost } from "./input.ts";
import { missTo, type TableName } from "./tables.ts";

const PASS_TO: readonly (readonly [from: TableName, to: TableName])[] = [
  ["service_dnat", "conntrack"],
  ["conntrack", "source_group"],
  ["destination_group", "policy_egress"],
  ["policy_egress", "policy_ingress"],
  ["qos", "output"],
];

export const reserved: Feature = {
  tables: [...PASS_TO.map(([from]) => from), "policy_ingress"],

  base: ({ forwarding }: PipelineHost): readonly Flow[] => [
    ...PASS_TO.map(([from, to]) => missTo(from, to)),
    missTo("policy_ingress", forwarding === "bridge" ? "l2_forward" : "l3_forward"),
  ],
};

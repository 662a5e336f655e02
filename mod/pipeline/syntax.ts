/**
 * The few words of Open vSwitch's flow syntax that several features share. Everything is written the way `ovs-ofctl` prints it, so
 * that a flow reads the same here, in a dump, and in a comparison of the two (tests/pipeline/flow_syntax_lab_test.ts holds that).
 * @module
 */
import type { Family } from "../net/address.ts";

/** Whole fields under the names that `move` prints. */
export const FIELD = {
  ethernetSource: "NXM_OF_ETH_SRC[]",
  ethernetDestination: "NXM_OF_ETH_DST[]",
  arpSenderMac: "NXM_NX_ARP_SHA[]",
  arpSenderAddress: "NXM_OF_ARP_SPA[]",
  arpTargetMac: "NXM_NX_ARP_THA[]",
  arpTargetAddress: "NXM_OF_ARP_TPA[]",
  ipv4Source: "NXM_OF_IP_SRC[]",
  ipv4Destination: "NXM_OF_IP_DST[]",
  ipv6Source: "NXM_NX_IPV6_SRC[]",
  ipv6Destination: "NXM_NX_IPV6_DST[]",
  ndTarget: "NXM_NX_ND_TARGET[]",
  ndTargetMac: "NXM_NX_ND_TLL[]",
  ndFlags: "ERICOXM_OF_ICMPV6_ND_RESERVED[]",
} as const;

export function setField(value: string | number, field: string): string {
  return `set_field:${value}->${field}`;
}

export function move(from: string, to: string): string {
  return `move:${from}->${to}`;
}

/** Back out of the port it came in by, which plain `output` refuses. */
export const TO_SENDER = "IN_PORT";

/** What differs between the two families in a flow. */
export interface FamilySyntax {
  readonly ip: "ip" | "ipv6";
  readonly icmp: "icmp" | "icmp6";
  /** Match fields. */
  readonly source: "nw_src" | "ipv6_src";
  readonly destination: "nw_dst" | "ipv6_dst";
  /** Fields of set_field. */
  readonly setSource: "ip_src" | "ipv6_src";
  readonly setDestination: "ip_dst" | "ipv6_dst";
}

const SYNTAX: Readonly<Record<Family, FamilySyntax>> = {
  4: {
    ip: "ip",
    icmp: "icmp",
    source: "nw_src",
    destination: "nw_dst",
    setSource: "ip_src",
    setDestination: "ip_dst",
  },
  6: {
    ip: "ipv6",
    icmp: "icmp6",
    source: "ipv6_src",
    destination: "ipv6_dst",
    setSource: "ipv6_src",
    setDestination: "ipv6_dst",
  },
};

/** Either family's value where there is one, each with its family's syntax. */
export function perFamily<T, R>(
  value4: T | undefined,
  value6: T | undefined,
  make: (value: T, syntax: FamilySyntax) => R,
): R[] {
  return [
    ...(value4 === undefined ? [] : [make(value4, SYNTAX[4])]),
    ...(value6 === undefined ? [] : [make(value6, SYNTAX[6])]),
  ];
}

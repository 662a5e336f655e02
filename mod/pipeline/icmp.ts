/**
 * ICMP and ICMPv6 message types that the pipeline knows (IANA; RFC 792, RFC 2710, RFC 4443, RFC 4861).
 * @module
 */

export const ICMP = { echoReply: 0, echoRequest: 8 } as const;

export const ICMPV6 = {
  echoRequest: 128,
  echoReply: 129,
  multicastListenerQuery: 130,
  multicastListenerReport: 131,
  multicastListenerDone: 132,
  routerSolicitation: 133,
  routerAdvertisement: 134,
  neighbourSolicitation: 135,
  neighbourAdvertisement: 136,
  redirect: 137,
  /** Version 2 (RFC 3810). */
  multicastListenerReport2: 143,
} as const;

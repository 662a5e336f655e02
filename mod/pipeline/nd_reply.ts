/**
 * Table nd_reply, of the feature nd_responder: completes a neighbour advertisement and sends it back. On arrival the destination MAC is the
 * one to be advertised, and the scratch register holds the flags.
 * @module
 */
import type { Flow } from "./flow.ts";
import { ICMPV6 } from "./icmp.ts";
import { REGISTERS, wholeRegister } from "./registers.ts";
import { FIELD, move, setField, TO_SENDER } from "./syntax.ts";
import { missDrop, TABLES } from "./tables.ts";

/** Flags of an advertisement (RFC 4861 section 4.4), in the top bits of the word that follows the checksum. */
const ROUTER = 0x8000_0000;
const SOLICITED = 0x4000_0000;
const OVERRIDE = 0x2000_0000;

/** The gateway must say that it is a router, or a host that took it for one drops its default route (section 7.2.5). */
export const NEIGHBOUR_ADVERTISEMENT = {
  gateway: ROUTER + SOLICITED + OVERRIDE,
  neighbour: SOLICITED + OVERRIDE,
} as const;

/**
 * To a sender with an address: unicast, its own option turned into the target's. To duplicate address detection, whose sender has none:
 * to all nodes, not "solicited", and without the option, for which a solicitation from `::` has no room (section 7.2.4).
 */
export function ndReplies(): Flow[] {
  const match = ["icmp6", `icmp_type=${ICMPV6.neighbourAdvertisement}`, "icmp_code=0"];
  const table = TABLES.nd_reply;
  return [
    {
      table,
      priority: 110,
      match: ["icmp6", "ipv6_src=::", ...match.slice(1)],
      actions: [
        setField("0/0x40000000", REGISTERS.scratch),
        move(wholeRegister("scratch"), FIELD.ndFlags),
        move(FIELD.ethernetDestination, FIELD.ethernetSource),
        setField("33:33:00:00:00:01", "eth_dst"),
        setField("ff02::1", "ipv6_dst"),
        move(FIELD.ndTarget, FIELD.ipv6Source),
        TO_SENDER,
      ],
    },
    {
      table,
      priority: 100,
      match,
      actions: [
        move(wholeRegister("scratch"), FIELD.ndFlags),
        setField(2, "nd_options_type"),
        move(FIELD.ethernetDestination, FIELD.ndTargetMac),
        move(FIELD.ethernetSource, FIELD.ethernetDestination),
        move(FIELD.ndTargetMac, FIELD.ethernetSource),
        move(FIELD.ipv6Source, FIELD.ipv6Destination),
        move(FIELD.ndTarget, FIELD.ipv6Source),
        TO_SENDER,
      ],
    },
    missDrop("nd_reply"),
  ];
}

/**
 * Tables nd_responder and nd_reply: the switch answers IPv6 neighbour solicitations (RFC 4861) with the router's MAC, by the rules of the
 * ARP responder. nd_responder decides, makes the solicitation (type 135) an advertisement (136) and leaves the flags in the scratch
 * register; only then, in nd_reply, which matches 136, does Open vSwitch let the advertisement's own fields be written.
 *
 * All other neighbour discovery that comes here ends here: the switch alone speaks for neighbours.
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
} from "./input.ts";
import { loadRegister, matchRegister, matchSource, REGISTERS, wholeRegister } from "./registers.ts";
import { FIELD, move, setField, TO_SENDER } from "./syntax.ts";
import { gotoTable, missDrop, missTo, TABLES } from "./tables.ts";

const OWN_ADDRESS = 200;
/** Above endpoints, as in the ARP responder. */
const GATEWAY = 120;
const KNOWN = 100;
const ANY_DISCOVERY = 10;
const table = TABLES.nd_responder;

/** Flags of an advertisement (RFC 4861 section 4.4), in the top bits of the word that follows the checksum. */
const ROUTER = 0x8000_0000;
const SOLICITED = 0x4000_0000;
const OVERRIDE = 0x2000_0000;
/** The gateway must say that it is a router, or a host that took it for one drops its default route (section 7.2.5). */
const GATEWAY_FLAGS = ROUTER + SOLICITED + OVERRIDE;
const NEIGHBOUR_FLAGS = SOLICITED + OVERRIDE;

export const ndResponder: Feature = {
  tables: ["nd_responder", "nd_reply"],

  base: ({ access }: PipelineHost): readonly Flow[] => [
    ...(access ? askedByHost(access) : []),
    ...[
      ICMPV6.routerSolicitation,
      ICMPV6.routerAdvertisement,
      ICMPV6.neighbourSolicitation,
      ICMPV6.neighbourAdvertisement,
      ICMPV6.redirect,
    ].map((type) => ({
      table,
      priority: ANY_DISCOVERY,
      match: ["icmp6", `icmp_type=${type}`],
      actions: [],
    })),
    missTo("nd_responder", "gateway_echo"),
    ...replies(),
  ],

  network: ({ vrf, gateway6 }: PipelineNetwork): readonly Flow[] =>
    gateway6 === undefined
      ? []
      : [answer(GATEWAY, matchRegister("vrf", vrf), gateway6, GATEWAY_FLAGS)],

  endpoint: ({ port, vrf, address6 }: PipelineEndpoint): readonly Flow[] =>
    address6 === undefined ? [] : [
      {
        table,
        priority: OWN_ADDRESS,
        match: [
          "icmp6",
          `in_port=${port}`,
          `icmp_type=${ICMPV6.neighbourSolicitation}`,
          "icmp_code=0",
          `nd_target=${address6}`,
        ],
        actions: [],
      },
      answer(KNOWN, matchRegister("vrf", vrf), address6, NEIGHBOUR_FLAGS),
    ],
};

function askedByHost({ address6, subnet6 }: PipelineHostAccess): Flow[] {
  return [
    {
      table,
      priority: OWN_ADDRESS,
      match: [
        "icmp6",
        matchSource("host"),
        `icmp_type=${ICMPV6.neighbourSolicitation}`,
        "icmp_code=0",
        `nd_target=${address6}`,
      ],
      actions: [],
    },
    answer(KNOWN, matchSource("host"), subnet6, NEIGHBOUR_FLAGS),
  ];
}

function answer(priority: number, asker: string, target: string, flags: number): Flow {
  return {
    table,
    priority,
    match: [
      "icmp6",
      asker,
      `icmp_type=${ICMPV6.neighbourSolicitation}`,
      "icmp_code=0",
      `nd_target=${target}`,
    ],
    actions: [
      setField(ICMPV6.neighbourAdvertisement, "icmpv6_type"),
      loadRegister("scratch", flags),
      gotoTable("nd_reply"),
    ],
  };
}

/**
 * To a sender with an address: unicast, its own option turned into the target's. To duplicate address detection, whose sender has none:
 * to all nodes, not "solicited", and without the option, for which a solicitation from `::` has no room (section 7.2.4).
 */
function replies(): Flow[] {
  const match = ["icmp6", `icmp_type=${ICMPV6.neighbourAdvertisement}`, "icmp_code=0"];
  const fromTarget = [
    setField(ROUTER_MAC, "eth_src"),
    move(FIELD.ndTarget, FIELD.ipv6Source),
  ];
  return [
    {
      table: TABLES.nd_reply,
      priority: 110,
      match: ["icmp6", "ipv6_src=::", ...match.slice(1)],
      actions: [
        setField("0/0x40000000", REGISTERS.scratch),
        move(wholeRegister("scratch"), FIELD.ndFlags),
        setField("33:33:00:00:00:01", "eth_dst"),
        setField("ff02::1", "ipv6_dst"),
        ...fromTarget,
        TO_SENDER,
      ],
    },
    {
      table: TABLES.nd_reply,
      priority: 100,
      match,
      actions: [
        move(wholeRegister("scratch"), FIELD.ndFlags),
        setField(2, "nd_options_type"),
        setField(ROUTER_MAC, "nd_tll"),
        move(FIELD.ethernetSource, FIELD.ethernetDestination),
        move(FIELD.ipv6Source, FIELD.ipv6Destination),
        ...fromTarget,
        TO_SENDER,
      ],
    },
    missDrop("nd_reply"),
  ];
}

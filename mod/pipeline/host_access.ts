/**
 * Tables host_dnat and host_snat: the way to the host and, by the host's own masquerading, to the outside. Each endpoint that may go out
 * has a host-private address of either family, which exists only here: host_dnat turns it into the endpoint's address on the way in and
 * writes the VRF; host_snat puts it in place of the endpoint's address on the way out and writes the output port.
 *
 * Stateless: addresses map one to one, so connections survive a restart of the switch. docs/pipeline.md says what that costs (ICMP errors).
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
import { loadRegister, matchSource } from "./registers.ts";
import { type FamilySyntax, perFamily, setField } from "./syntax.ts";
import { gotoTable, missDrop, missTo, TABLES } from "./tables.ts";

const TRANSLATE = 100;
const ANY_FROM_HOST = 10;

/** An endpoint's two addresses of one family. */
interface Mapping {
  readonly inside: string;
  readonly outside: string;
}

export const hostAccess: Feature = {
  tables: ["host_dnat", "host_snat"],

  base: (): readonly Flow[] => [
    {
      table: TABLES.host_dnat,
      priority: ANY_FROM_HOST,
      match: [matchSource("host")],
      actions: [],
    },
    missTo("host_dnat", "dns_access"),
    missDrop("host_snat"),
  ],

  endpoint: (
    endpoint: PipelineEndpoint,
    _network: PipelineNetwork,
    { access }: PipelineHost,
  ): readonly Flow[] =>
    access === undefined ? [] : perFamily(
      mapping(endpoint.address, endpoint.hostAddress),
      mapping(endpoint.address6, endpoint.hostAddress6),
      (addresses, syntax) => [
        fromHost(endpoint, addresses, syntax),
        toHost(endpoint, addresses, syntax, access),
      ],
    ).flat(),
};

function mapping(inside: string | undefined, outside: string | undefined): Mapping | undefined {
  return inside === undefined || outside === undefined ? undefined : { inside, outside };
}

function fromHost(endpoint: PipelineEndpoint, addresses: Mapping, syntax: FamilySyntax): Flow {
  return {
    table: TABLES.host_dnat,
    priority: TRANSLATE,
    match: [syntax.ip, matchSource("host"), `${syntax.destination}=${addresses.outside}`],
    actions: [
      setField(addresses.inside, syntax.setDestination),
      loadRegister("vrf", endpoint.vrf),
      gotoTable("dns_access"),
    ],
  };
}

function toHost(
  endpoint: PipelineEndpoint,
  addresses: Mapping,
  syntax: FamilySyntax,
  access: PipelineHostAccess,
): Flow {
  return {
    table: TABLES.host_snat,
    priority: TRANSLATE,
    match: [syntax.ip, `in_port=${endpoint.port}`, `${syntax.source}=${addresses.inside}`],
    actions: [
      setField(addresses.outside, syntax.setSource),
      setField(ROUTER_MAC, "eth_src"),
      setField(access.mac, "eth_dst"),
      loadRegister("outputPort", access.port),
      gotoTable("qos"),
    ],
  };
}

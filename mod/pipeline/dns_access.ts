/**
 * Table dns_access, in routing mode: a network's gateway address answers DNS, as the name server of this host's agent. A question to port 53 of
 * the gateway goes to a port of contivh0 of its own, and what comes from that port goes back in the gateway's name. Stateless, like
 * host_dnat before it and host_snat after; writes no register.
 * @module
 */
import type { Feature } from "./feature.ts";
import type { Flow } from "./flow.ts";
import type { PipelineHost, PipelineNetwork } from "./input.ts";
import { matchRegister, matchSource } from "./registers.ts";
import { type FamilySyntax, perFamily, setField } from "./syntax.ts";
import { gotoTable, missTo, TABLES } from "./tables.ts";

const DNS = 53;
/**
 * Where the name server listens on contivh0 for what was asked of a gateway; port 53 there is for those who ask contivh0 itself. Below the
 * ports that Linux gives to clients (32768), so that no reply to a client of the host is taken for one of the name server's.
 */
export const GATEWAY_DNS_PORT = 9053;

const PRIORITY = 100;
const table = TABLES.dns_access;

export const dnsAccess: Feature = {
  tables: ["dns_access"],

  base: (): readonly Flow[] => [missTo("dns_access", "service_dnat")],

  network: (network: PipelineNetwork, { access }: PipelineHost): readonly Flow[] => {
    if (access === undefined) return [];
    const { subnet, gateway, subnet6, gateway6 } = network;
    return perFamily(
      addresses(subnet, gateway, access.address),
      addresses(subnet6, gateway6, access.address6),
      (of, syntax) =>
        ["tcp", "udp"].flatMap((transport) => [
          question(network, of, transport, syntax),
          reply(network, of, transport, syntax),
        ]),
    ).flat();
  },
};

/** One family's. */
interface Addresses {
  readonly subnet: string;
  readonly gateway: string;
  readonly host: string;
}

function addresses(
  subnet: string | undefined,
  gateway: string | undefined,
  host: string,
): Addresses | undefined {
  return subnet === undefined || gateway === undefined ? undefined : { subnet, gateway, host };
}

/** From the network's own endpoints only: the reply finds its way back by their subnet. */
function question(
  { vrf }: PipelineNetwork,
  { subnet, gateway, host }: Addresses,
  transport: string,
  syntax: FamilySyntax,
): Flow {
  return {
    table,
    priority: PRIORITY,
    match: [
      protocol(transport, syntax),
      matchRegister("vrf", vrf),
      matchSource("endpoint"),
      `${syntax.source}=${subnet}`,
      `${syntax.destination}=${gateway}`,
      `tp_dst=${DNS}`,
    ],
    actions: [
      setField(host, syntax.setDestination),
      setField(GATEWAY_DNS_PORT, `${transport}_dst`),
      gotoTable("service_dnat"),
    ],
  };
}

function reply(
  { vrf }: PipelineNetwork,
  { subnet, gateway, host }: Addresses,
  transport: string,
  syntax: FamilySyntax,
): Flow {
  return {
    table,
    priority: PRIORITY,
    match: [
      protocol(transport, syntax),
      matchRegister("vrf", vrf),
      matchSource("host"),
      `${syntax.source}=${host}`,
      `${syntax.destination}=${subnet}`,
      `tp_src=${GATEWAY_DNS_PORT}`,
    ],
    actions: [
      setField(gateway, syntax.setSource),
      setField(DNS, `${transport}_src`),
      gotoTable("service_dnat"),
    ],
  };
}

function protocol(transport: string, { ip }: FamilySyntax): string {
  return ip === "ip" ? transport : `${transport}6`;
}

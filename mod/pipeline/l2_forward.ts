/**
 * Table l2_forward: the switch of every network, in bridge mode. Matches segment and destination MAC, writes the output port. Every MAC is
 * known from the store, nothing is learned; what is for another MAC, for a multicast group or for all is left to the network's flood group.
 *
 * A VLAN network, where others' machines are too, is left to Open vSwitch's own learning switch (NORMAL, ovs-actions(7)): it alone knows
 * bonds, tags what leaves by an uplink, and keeps to the ports of the VLAN.
 * @module
 */
import type { Feature, TunnelHost } from "./feature.ts";
import type { Flow } from "./flow.ts";
import type {
  PipelineEndpoint,
  PipelineHost,
  PipelineNetwork,
  PipelineRemoteEndpoint,
} from "./input.ts";
import { loadRegister, setFlag } from "./registers.ts";
import { isVlan, matchSegment } from "./segment.ts";
import { gotoTable, missDrop, TABLES } from "./tables.ts";
import { toTunnel } from "./tunnel.ts";

const table = TABLES.l2_forward;

/** Between a bridge and its direct neighbour, never forwarded (IEEE 802.1Q, table 8-1). */
const RESERVED_MACS = "dl_dst=01:80:c2:00:00:00/ff:ff:ff:ff:ff:f0";

export const l2Forward: Feature = {
  tables: ["l2_forward"],

  base: ({ forwarding }: PipelineHost): readonly Flow[] =>
    forwarding === "routing" ? [missDrop("l2_forward")] : [
      { table, priority: 300, match: [RESERVED_MACS], actions: [] },
      { table, priority: 0, match: [], actions: [setFlag("flood"), gotoTable("qos")] },
    ],

  network: (network: PipelineNetwork, { forwarding }: PipelineHost): readonly Flow[] =>
    forwarding === "routing" || !isVlan(network) ? [] : [{
      table,
      priority: 100,
      match: [matchSegment(network)],
      actions: [setFlag("normal"), gotoTable("qos")],
    }],

  endpoint: (
    { mac, port }: PipelineEndpoint,
    network: PipelineNetwork,
    { forwarding }: PipelineHost,
  ): readonly Flow[] =>
    forwarding === "routing" || isVlan(network) ? [] : [known(network, mac, port, [])],

  remote: (
    { mac, vtep }: PipelineRemoteEndpoint,
    network: PipelineNetwork,
    { forwarding, tunnelPort }: TunnelHost,
  ): readonly Flow[] =>
    forwarding === "routing" || isVlan(network)
      ? []
      : [known(network, mac, tunnelPort, toTunnel(network.vni, vtep))],
};

function known(
  network: PipelineNetwork,
  mac: string,
  port: number,
  outer: readonly string[],
): Flow {
  return {
    table,
    priority: 100,
    match: [matchSegment(network), `dl_dst=${mac}`],
    actions: [...outer, loadRegister("outputPort", port), gotoTable("qos")],
  };
}

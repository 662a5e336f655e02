/**
 * Table classify: where a packet comes from. Writes the sender's kind, VRF and group; what comes in by an unknown port is dropped.
 * Matches in_port, the source MAC for frames that nobody may send, and for tunnels the outer source address: only the cluster's other
 * hosts are let in.
 * @module
 */
import type { Feature, TunnelHost } from "./feature.ts";
import type { Flow } from "./flow.ts";
import type { PipelineEndpoint, PipelineHost, PipelineNetwork, PipelinePeer } from "./input.ts";
import { loadRegister, SOURCE_KIND } from "./registers.ts";
import { loadSegment } from "./segment.ts";
import { gotoTable, missDrop, TABLES } from "./tables.ts";
import { fromTunnel } from "./tunnel.ts";

const SANITY = 200;
const PORT = 100;
const NO_PEER = 90;
const table = TABLES.classify;

/** The group bit of a MAC: a source address never has it (IEEE 802.3, 3.2.3). */
const MULTICAST_SOURCE = "dl_src=01:00:00:00:00:00/01:00:00:00:00:00";

export const classify: Feature = {
  tables: ["classify"],

  base: ({ access, tunnelPort, uplinkPorts = [] }: PipelineHost): readonly Flow[] => [
    { table, priority: SANITY, match: [MULTICAST_SOURCE], actions: [] },
    ...(access
      ? [{
        table,
        priority: PORT,
        match: [`in_port=${access.port}`],
        actions: [loadRegister("sourceKind", SOURCE_KIND.host), gotoTable("arp_responder")],
      }]
      : []),
    ...uplinkPorts.map((port) => ({
      table,
      priority: PORT,
      match: [`in_port=${port}`],
      actions: [loadRegister("sourceKind", SOURCE_KIND.uplink), gotoTable("uplink")],
    })),
    // As the rest would be, but counted by itself.
    ...(tunnelPort === undefined
      ? []
      : [{ table, priority: NO_PEER, match: [`in_port=${tunnelPort}`], actions: [] }]),
    missDrop("classify"),
  ],

  endpoint: (
    endpoint: PipelineEndpoint,
    network: PipelineNetwork,
    { forwarding }: PipelineHost,
  ): readonly Flow[] => [{
    table,
    priority: PORT,
    match: [`in_port=${endpoint.port}`],
    actions: [
      loadRegister("vrf", endpoint.vrf),
      loadRegister("sourceKind", SOURCE_KIND.endpoint),
      loadRegister("sourceGroup", endpoint.group),
      ...(forwarding === "bridge" ? [loadSegment(network)] : []),
      gotoTable("spoof_guard"),
    ],
  }],

  peer: ({ vtep }: PipelinePeer, { tunnelPort }: TunnelHost): readonly Flow[] => [{
    table,
    priority: PORT,
    match: [`in_port=${tunnelPort}`, fromTunnel(vtep)],
    actions: [loadRegister("sourceKind", SOURCE_KIND.tunnel), gotoTable("tunnel")],
  }],
};

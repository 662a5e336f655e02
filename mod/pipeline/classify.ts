/**
 * Table classify: where a packet comes from. Writes the sender's kind, VRF and group; what comes in by an unknown port is dropped.
 * Matches in_port, and the source MAC for frames that nobody may send.
 * @module
 */
import type { Feature } from "./feature.ts";
import type { Flow } from "./flow.ts";
import type { PipelineEndpoint, PipelineHost } from "./input.ts";
import { loadRegister, SOURCE_KIND } from "./registers.ts";
import { gotoTable, missDrop, TABLES } from "./tables.ts";

const SANITY = 200;
const PORT = 100;
const table = TABLES.classify;

/** The group bit of a MAC: a source address never has it (IEEE 802.3, 3.2.3). */
const MULTICAST_SOURCE = "dl_src=01:00:00:00:00:00/01:00:00:00:00:00";

export const classify: Feature = {
  tables: ["classify"],

  base: ({ access }: PipelineHost): readonly Flow[] => [
    { table, priority: SANITY, match: [MULTICAST_SOURCE], actions: [] },
    ...(access
      ? [{
        table,
        priority: PORT,
        match: [`in_port=${access.port}`],
        actions: [loadRegister("sourceKind", SOURCE_KIND.host), gotoTable("arp_responder")],
      }]
      : []),
    missDrop("classify"),
  ],

  endpoint: (endpoint: PipelineEndpoint): readonly Flow[] => [{
    table,
    priority: PORT,
    match: [`in_port=${endpoint.port}`],
    actions: [
      loadRegister("vrf", endpoint.vrf),
      loadRegister("sourceKind", SOURCE_KIND.endpoint),
      loadRegister("sourceGroup", endpoint.group),
      gotoTable("spoof_guard"),
    ],
  }],
};

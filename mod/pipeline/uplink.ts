/**
 * Table uplink: what the physical switches sent, in bridge mode. Matches the VLAN tag, writes the VRF and the segment of the VLAN's network.
 * Untagged frames, and VLANs of which this host has no network, end here. The tag stays on: NORMAL takes it off where the frame leaves.
 * @module
 */
import type { Feature } from "./feature.ts";
import type { Flow } from "./flow.ts";
import type { PipelineHost, PipelineNetwork } from "./input.ts";
import { loadRegister } from "./registers.ts";
import { loadSegment } from "./segment.ts";
import { gotoTable, missDrop, TABLES } from "./tables.ts";

export const uplink: Feature = {
  tables: ["uplink"],

  base: (): readonly Flow[] => [missDrop("uplink")],

  network: (
    network: PipelineNetwork,
    { forwarding, uplinkPorts = [] }: PipelineHost,
  ): readonly Flow[] =>
    forwarding === "routing" || network.vlan === undefined || uplinkPorts.length === 0 ? [] : [{
      table: TABLES.uplink,
      priority: 100,
      match: [`dl_vlan=${network.vlan}`],
      actions: [
        loadRegister("vrf", network.vrf),
        loadSegment(network),
        gotoTable("arp_responder"),
      ],
    }],
};

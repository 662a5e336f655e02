/**
 * Table source_group: the group of a sender on another host, which classify cannot know, into its register. By the sender's address within
 * the VRF, or in bridge mode by its MAC within the segment, which covers both families at once. A sender without a group has no flow.
 *
 * The packet itself does not carry its group (VXLAN group policy, draft-smith-vxlan-group-policy): Open vSwitch's userspace datapath leaves
 * that header out. The sending host's spoof guard is what makes the address trustworthy; in a VLAN, which others may be in, nothing does.
 * @module
 */
import type { Feature } from "./feature.ts";
import type { Flow } from "./flow.ts";
import type { PipelineHost, PipelineNetwork, PipelineRemoteEndpoint } from "./input.ts";
import { loadRegister, matchRegister, matchSource } from "./registers.ts";
import { isVlan, matchSegment } from "./segment.ts";
import { perFamily } from "./syntax.ts";
import { gotoTable, missTo, TABLES } from "./tables.ts";

export const sourceGroup: Feature = {
  tables: ["source_group"],

  base: (): readonly Flow[] => [missTo("source_group", "destination_group")],

  remote: (
    remote: PipelineRemoteEndpoint,
    network: PipelineNetwork,
    host: PipelineHost,
  ): readonly Flow[] =>
    remote.group === 0 ? [] : senders(remote, network, host).map((match) => ({
      table: TABLES.source_group,
      priority: 100,
      match,
      actions: [loadRegister("sourceGroup", remote.group), gotoTable("destination_group")],
    })),
};

function senders(
  { vrf, mac, address, address6 }: PipelineRemoteEndpoint,
  network: PipelineNetwork,
  { forwarding }: PipelineHost,
): string[][] {
  const tunnel = matchSource("tunnel");
  if (forwarding === "bridge") {
    const origin = isVlan(network) ? matchSource("uplink") : tunnel;
    return [[origin, matchSegment(network), `dl_src=${mac}`]];
  }
  return perFamily(
    address,
    address6,
    (source, syntax) => [
      syntax.ip,
      matchRegister("vrf", vrf),
      tunnel,
      `${syntax.source}=${source}`,
    ],
  );
}

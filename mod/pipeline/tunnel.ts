/**
 * Table tunnel, and how a packet is told to go through a tunnel. What a peer sent enters here: its VNI tells the network, and with that the
 * VRF and the segment. All tunnels are one VXLAN port, which takes the outer header's fields from the flow (ovs-fields(7), "Tunnel Fields").
 *
 * A host sends a packet with the VNI of its destination's network. What the sending host has checked or translated already is skipped: the
 * spoof guard, and in routing mode everything before conntrack.
 * @module
 */
import { type Feature, hasTunnels } from "./feature.ts";
import type { Flow } from "./flow.ts";
import type { PipelineHost, PipelineNetwork } from "./input.ts";
import { hex, loadRegister } from "./registers.ts";
import { isVlan, loadSegment } from "./segment.ts";
import { setField } from "./syntax.ts";
import { gotoTable, missDrop, TABLES } from "./tables.ts";

export const tunnel: Feature = {
  tables: ["tunnel"],

  base: (): readonly Flow[] => [missDrop("tunnel")],

  network: (network: PipelineNetwork, host: PipelineHost): readonly Flow[] =>
    hasTunnels(host) && !isVlan(network)
      ? [{
        table: TABLES.tunnel,
        priority: 100,
        match: [`tun_id=${hex(network.vni)}`],
        actions: [
          loadRegister("vrf", network.vrf),
          ...(host.forwarding === "bridge"
            ? [loadSegment(network), gotoTable("arp_responder")]
            : [gotoTable("conntrack")]),
        ],
      }]
      : [],
};

/** Into the network `vni`, to the host with tunnel address `vtep`. */
export function toTunnel(vni: number, vtep: string): string[] {
  return [
    setField(hex(vni), "tun_id"),
    setField(vtep, vtep.includes(":") ? "tun_ipv6_dst" : "tun_dst"),
  ];
}

/** Matches packets that came through a tunnel from `vtep`. */
export function fromTunnel(vtep: string): string {
  return `${vtep.includes(":") ? "tun_ipv6_src" : "tun_src"}=${vtep}`;
}

/**
 * The group of a network in bridge mode: whom its broadcasts, multicasts and packets for unknown MACs go to. Its number is the VNI's, so
 * nothing is allocated.
 *
 * One group serves both directions: Open vSwitch never sends a packet back out of the port that it came in by, so what came out of a tunnel
 * goes to no tunnel (all of them are one port), and a sender does not hear itself.
 * @module
 */
import { type Group, GROUP_RANGE } from "./group.ts";
import { hasTunnels } from "./feature.ts";
import type { PipelineFlood, PipelineHost, PipelineNetwork } from "./input.ts";
import { toTunnel } from "./tunnel.ts";

export function floodGroupId(network: PipelineNetwork): number {
  return GROUP_RANGE.flood + network.vni;
}

export function floodGroup({ network, ports, vteps }: PipelineFlood, host: PipelineHost): Group {
  const tunnels = hasTunnels(host)
    ? vteps.map((vtep) => [...toTunnel(network.vni, vtep), `output:${host.tunnelPort}`])
    : [];
  return {
    id: floodGroupId(network),
    type: "all",
    buckets: [...ports.map((port) => [`output:${port}`]), ...tunnels]
      .map((actions) => ({ actions })),
  };
}

/**
 * The pipeline as a whole: flows of the host, of each network, endpoint and other host, from plain facts. Pure. The total is base + Σ of
 * each, each a constant for its kind: no flow is made for a pair.
 *
 * The caller sees to it that within a VRF subnets do not overlap and an address has one endpoint, here or elsewhere, that within a network a
 * MAC has one endpoint, that a port has one endpoint, a VNI one network, a host-private address one endpoint, a tunnel address one peer.
 * Then no two flows share table, priority and match. In bridge mode a network's flows refer to its groups: these come first, and go last.
 * @module
 */
import { arpResponder } from "./arp_responder.ts";
import { classify } from "./classify.ts";
import { dnsAccess } from "./dns_access.ts";
import { type Feature, hasTunnels } from "./feature.ts";
import type { Flow } from "./flow.ts";
import { floodGroup } from "./flood.ts";
import { gatewayEcho } from "./gateway_echo.ts";
import type { Group } from "./group.ts";
import { hostAccess } from "./host_access.ts";
import type {
  PipelineEndpoint,
  PipelineFlood,
  PipelineHost,
  PipelineNetwork,
  PipelinePeer,
  PipelineRemoteEndpoint,
} from "./input.ts";
import { l2Forward } from "./l2_forward.ts";
import { l3Forward } from "./l3_forward.ts";
import { ndResponder } from "./nd_responder.ts";
import { output } from "./output.ts";
import { reserved } from "./reserved.ts";
import { sourceGroup } from "./source_group.ts";
import { spoofGuard } from "./spoof_guard.ts";
import { tunnel } from "./tunnel.ts";
import { isVlan } from "./segment.ts";
import { uplink } from "./uplink.ts";

/** In the order of their first tables. Each table belongs to exactly one. */
export const FEATURES: readonly Feature[] = [
  classify,
  tunnel,
  uplink,
  spoofGuard,
  arpResponder,
  ndResponder,
  gatewayEcho,
  hostAccess,
  dnsAccess,
  reserved,
  sourceGroup,
  l3Forward,
  l2Forward,
  output,
];

/** What every host has, with or without containers. */
export function baseFlows(host: PipelineHost): readonly Flow[] {
  return FEATURES.flatMap((feature) => feature.base(host));
}

/** What a network adds on a host that carries, or can reach, one of its endpoints. */
export function networkFlows(network: PipelineNetwork, host: PipelineHost): readonly Flow[] {
  return FEATURES.flatMap((feature) => feature.network?.(network, host) ?? []);
}

/** What an endpoint of `network` on this host adds. */
export function endpointFlows(
  endpoint: PipelineEndpoint,
  network: PipelineNetwork,
  host: PipelineHost,
): readonly Flow[] {
  return FEATURES.flatMap((feature) => feature.endpoint?.(endpoint, network, host) ?? []);
}

/** What another host adds: its tunnelled packets are let in. None without a tunnel port. */
export function peerFlows(peer: PipelinePeer, host: PipelineHost): readonly Flow[] {
  return hasTunnels(host) ? FEATURES.flatMap((feature) => feature.peer?.(peer, host) ?? []) : [];
}

/** What an endpoint of `network` on another host adds. None without a tunnel port, and none for a VLAN network that is routed: no way there. */
export function remoteEndpointFlows(
  remote: PipelineRemoteEndpoint,
  network: PipelineNetwork,
  host: PipelineHost,
): readonly Flow[] {
  return hasTunnels(host) && !(host.forwarding === "routing" && isVlan(network))
    ? FEATURES.flatMap((feature) => feature.remote?.(remote, network, host) ?? [])
    : [];
}

/** The groups that `networkFlows` of a network refers to: one for a VXLAN network in bridge mode, else none. */
export function floodGroups(flood: PipelineFlood, host: PipelineHost): readonly Group[] {
  return host.forwarding === "bridge" && !isVlan(flood.network) ? [floodGroup(flood, host)] : [];
}

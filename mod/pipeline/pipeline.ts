/**
 * The pipeline as a whole: flows of the host, of each network and of each endpoint, from plain facts. Pure. The total is
 * base + Σ networks + Σ endpoints, each a constant for its kind: no flow is made for a pair.
 *
 * The caller sees to it that within a VRF subnets do not overlap and an address has one endpoint, that a port has one endpoint, and that
 * a host-private address has one endpoint. Then no two flows share table, priority and match.
 * @module
 */
import { arpResponder } from "./arp_responder.ts";
import { classify } from "./classify.ts";
import type { Feature } from "./feature.ts";
import type { Flow } from "./flow.ts";
import { gatewayEcho } from "./gateway_echo.ts";
import { hostAccess } from "./host_access.ts";
import type { PipelineEndpoint, PipelineHost, PipelineNetwork } from "./input.ts";
import { l3Forward } from "./l3_forward.ts";
import { ndResponder } from "./nd_responder.ts";
import { output } from "./output.ts";
import { reserved } from "./reserved.ts";
import { spoofGuard } from "./spoof_guard.ts";

/** In the order of their first tables. Each table belongs to exactly one. */
export const FEATURES: readonly Feature[] = [
  classify,
  spoofGuard,
  arpResponder,
  ndResponder,
  gatewayEcho,
  hostAccess,
  reserved,
  l3Forward,
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

/**
 * What an endpoint on another host, and that host itself, need here: flows only. Pure.
 * @module
 */
import type { EndpointState, NetworkState } from "../model/records.ts";
import type { Flow } from "../pipeline/flow.ts";
import type { PipelineHost } from "../pipeline/input.ts";
import { remoteEndpointFlows } from "../pipeline/pipeline.ts";
import { pipelineNetwork } from "./desired_endpoint.ts";

export interface DesiredRemote {
  readonly endpoint: EndpointState;
  readonly around: RemoteSurroundings;
  readonly flows: readonly Flow[];
}

export interface RemoteSurroundings {
  readonly network: NetworkState;
  readonly vrf: number;
  /** Tunnel address of the host that carries it, from that host's record. */
  readonly vtep: string;
}

export function desiredRemote(
  endpoint: EndpointState,
  around: RemoteSurroundings,
  host: PipelineHost,
): DesiredRemote {
  const { network, vrf, vtep } = around;
  const remote = {
    id: endpoint.id,
    mac: endpoint.macAddress,
    address: endpoint.ipAddress,
    vrf,
    group: endpoint.endpointGroupId,
    vtep,
    ...(endpoint.ipv6Address ? { address6: endpoint.ipv6Address } : {}),
  };
  return {
    endpoint,
    around,
    flows: remoteEndpointFlows(remote, pipelineNetwork(network, vrf), host),
  };
}

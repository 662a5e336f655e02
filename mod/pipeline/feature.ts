/**
 * What a feature of the pipeline is: the tables that it alone writes to, and its flows for the host, for a network, for an endpoint here or
 * elsewhere, and for another host. All are pure, and linear: no flow is made for a pair of things.
 * @module
 */
import type { Flow } from "./flow.ts";
import type {
  PipelineEndpoint,
  PipelineHost,
  PipelineNetwork,
  PipelinePeer,
  PipelineRemoteEndpoint,
} from "./input.ts";
import type { TableName } from "./tables.ts";

export interface Feature {
  readonly tables: readonly TableName[];
  base(host: PipelineHost): readonly Flow[];
  network?(network: PipelineNetwork, host: PipelineHost): readonly Flow[];
  endpoint?(
    endpoint: PipelineEndpoint,
    network: PipelineNetwork,
    host: PipelineHost,
  ): readonly Flow[];
  /** Asked only on a host with a tunnel port, as is `remote`. */
  peer?(peer: PipelinePeer, host: TunnelHost): readonly Flow[];
  remote?(
    remote: PipelineRemoteEndpoint,
    network: PipelineNetwork,
    host: TunnelHost,
  ): readonly Flow[];
}

export type TunnelHost = PipelineHost & { readonly tunnelPort: number };

export function hasTunnels(host: PipelineHost): host is TunnelHost {
  return host.tunnelPort !== undefined;
}

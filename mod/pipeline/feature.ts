/**
 * What a feature of the pipeline is: the tables that it alone writes to, and its flows for the host, for a network and for an endpoint.
 * All three are pure, and linear: no flow is made for a pair of things.
 * @module
 */
import type { Flow } from "./flow.ts";
import type { PipelineEndpoint, PipelineHost, PipelineNetwork } from "./input.ts";
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
}

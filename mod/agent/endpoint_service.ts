/**
 * The agent's service to everything that attaches containers on this host: Docker driver, CNI, `ctl endpoint attach`.
 * Every call is one store transaction followed by the reconciliation of the endpoint it concerns; after an error nothing is left behind.
 * @module
 */
import type { AddressRequest, EndpointRequest, NetworkRef } from "../intent/endpoint_request.ts";
import type { EndpointState, NetworkState } from "../model/records.ts";

export type { AddressRequest, EndpointRequest, NetworkRef };

/** What the caller tells its orchestrator. */
export interface EndpointResult {
  readonly endpoint: EndpointState;
  readonly network: NetworkState;
  readonly mtu: number;
  /** Set when the network has a way out. */
  readonly gateway?: string;
  readonly gateway6?: string;
}

export interface EndpointService {
  /**
   * Allocates, registers and wires the endpoint; resolves when its flows are in force. The same endpointID again returns what exists
   * (idempotent) when it names the same network and addresses, else "conflict".
   */
  create(request: EndpointRequest, signal: AbortSignal): Promise<EndpointResult>;
  /** Notes the sandbox once it is known (Docker's Join). Answers at once; it is written to the store soon after. */
  join(
    ref: { netID: string; endpointID: string },
    sandbox: string,
    signal: AbortSignal,
  ): Promise<EndpointResult>;
  /** Takes the endpoint away: flows, port, link, record, address. An unknown one is not an error. */
  remove(ref: { netID?: string; endpointID: string }, signal: AbortSignal): Promise<void>;
  /** The endpoint with exactly this endpointID on this host. */
  find(endpointID: string): EndpointResult | undefined;
}

/**
 * What attachers ask for: endpoints, and addresses ahead of them.
 * @module
 */
import type { Attachment } from "../model/records.ts";

/** Names as the user knows them; empty group: none. */
export interface NetworkRef {
  readonly tenant: string;
  readonly network: string;
  readonly group: string;
}

export interface EndpointRequest extends NetworkRef {
  /** Docker's endpoint id, the CNI container id, or any unique name of the caller's. */
  readonly endpointID: string;
  /** Absent: the lowest free one. Present: exactly this one, or "conflict". */
  readonly address?: string;
  readonly address6?: string;
  /** Absent: derived from the IPv4 address. */
  readonly mac?: string;
  readonly commonName?: string;
  readonly containerId?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly attachment: Attachment;
}

/** An address that Docker's IPAM asks for before there is an endpoint. */
export interface AddressRequest {
  readonly space: string;
  readonly ref?: NetworkRef;
  readonly family: 4 | 6;
  readonly address?: string;
}

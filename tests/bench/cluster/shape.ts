/**
 * The cluster that the scale benchmark pretends: which hosts, tenants and networks there are, and whose each endpoint is. Pure.
 * @module
 */
import type { EndpointContext } from "../../../mod/intent/endpoint.ts";
import type { EndpointRequest } from "../../../mod/intent/endpoint_request.ts";

export interface Shape {
  readonly hosts: number;
  /** On each host. */
  readonly endpoints: number;
  /** Each host has endpoints of two of them, neighbours in the row; of the one, when there is one. */
  readonly tenants: number;
}

/** A /16 has 65,534 addresses. */
const MOST_OF_A_NETWORK = 50_000;

export function networksOfTenant({ hosts, endpoints, tenants }: Shape): number {
  return Math.ceil(hosts * endpoints / tenants / MOST_OF_A_NETWORK);
}

export const tenantName = (tenant: number): string => `tenant${tenant}`;
export const networkName = (network: number): string => `net${network}`;

/** As the REST API has it. */
export function networkObject(tenant: number, network: number): Record<string, string> {
  return {
    tenantName: tenantName(tenant),
    networkName: networkName(network),
    encap: "vxlan",
    subnet: `10.${network}.0.0/16`,
    gateway: `10.${network}.255.254`,
  };
}

/** The host that carries it, its label and tunnel address. */
export function hostContext(host: number): EndpointContext {
  return { now: Date.now(), host: hostLabel(host), vtepIP: tunnelAddress(host) };
}

export const hostLabel = (host: number): string => `host${host}`;
export const tunnelAddress = (host: number): string => `198.19.${host >> 8}.${host & 255}`;

/** `number`: which of its host's endpoints. Ids are as long as Docker's. */
export function endpointOf(shape: Shape, host: number, number: number): EndpointRequest {
  const tenant = (host + number % 2) % shape.tenants;
  const network = Math.floor(number / 2) % networksOfTenant(shape);
  const name = `${hostLabel(host)}-${number}`;
  return {
    tenant: tenantName(tenant),
    network: networkName(network),
    group: "",
    endpointID: `${name}-`.padEnd(64, "0123456789abcdef"),
    containerId: `${name}-`.padEnd(64, "fedcba9876543210"),
    commonName: `container-${name}`,
    attachment: { kind: "docker", dockerNetworkID: "0123456789abcdef".repeat(4) },
  };
}

/**
 * Who goes by which name: container and group names per tenant, kept up to date with the store. A change of one endpoint costs as
 * much as that endpoint, however many there are.
 * @module
 */
import type { EndpointState, NetworkState } from "../model/records.ts";
import { endpointKey, ENDPOINTS, NETWORKS } from "../state/keys.ts";
import { read, readAll, type Snapshot } from "../state/snapshot.ts";

/** An endpoint as the name server sees it. Names are in lower case: DNS knows no case (RFC 4343). */
export interface NamedEndpoint {
  readonly id: string;
  readonly tenant: string;
  /** Name of its network. */
  readonly network: string;
  /** Container or pod name; empty when it has none. */
  readonly name: string;
  /** Group name; empty when it is in none. */
  readonly group: string;
  readonly address: string;
  readonly address6?: string;
  /** On this host: its port number, which its private address is made from. */
  readonly port?: number;
}

export class NameIndex {
  readonly #endpoints = new Map<string, NamedEndpoint>();
  readonly #containers = new Directory();
  readonly #groups = new Directory();
  readonly #addresses = new Directory();
  readonly #ports = new Map<number, NamedEndpoint>();

  /** `host` is this host's label: only its endpoints are found by port. */
  constructor(private readonly host: string) {}

  /** Follows a change of the store; without `changedKeys`, reads everything. */
  update(snapshot: Snapshot, changedKeys?: Iterable<string>): void {
    if (!changedKeys) return this.#reset(snapshot);
    for (const key of changedKeys) {
      if (key.startsWith(NETWORKS)) return this.#reset(snapshot);
      if (key.startsWith(ENDPOINTS)) this.#refresh(snapshot, key.slice(ENDPOINTS.length));
    }
  }

  /** Endpoints whose container has this name. */
  containers(tenant: string, name: string): readonly NamedEndpoint[] {
    return this.#containers.find(tenant, name);
  }
  groupMembers(tenant: string, name: string): readonly NamedEndpoint[] {
    return this.#groups.find(tenant, name);
  }
  /** By an address in canonical text, of either family. */
  byAddress(tenant: string, address: string): readonly NamedEndpoint[] {
    return this.#addresses.find(tenant, address);
  }
  /** The endpoint of this host with that port number. */
  byPort(port: number): NamedEndpoint | undefined {
    return this.#ports.get(port);
  }

  #reset(snapshot: Snapshot): void {
    const ids = new Set(this.#endpoints.keys());
    for (const { id } of readAll<EndpointState>(snapshot, ENDPOINTS)) ids.add(id);
    for (const id of ids) this.#refresh(snapshot, id);
  }

  #refresh(snapshot: Snapshot, id: string): void {
    const before = this.#endpoints.get(id);
    if (before) this.#remove(before);
    const endpoint = read<EndpointState>(snapshot, endpointKey(id));
    const network = endpoint && read<NetworkState>(snapshot, NETWORKS + endpoint.netID);
    if (endpoint && network) this.#add(named(endpoint, network, this.host));
  }

  #add(endpoint: NamedEndpoint): void {
    const { id, tenant } = endpoint;
    this.#endpoints.set(id, endpoint);
    this.#containers.add(tenant, endpoint.name, endpoint);
    this.#groups.add(tenant, endpoint.group, endpoint);
    for (const address of addressesOf(endpoint)) this.#addresses.add(tenant, address, endpoint);
    if (endpoint.port !== undefined) this.#ports.set(endpoint.port, endpoint);
  }

  #remove(endpoint: NamedEndpoint): void {
    const { id, tenant, port } = endpoint;
    this.#endpoints.delete(id);
    this.#containers.remove(tenant, endpoint.name, id);
    this.#groups.remove(tenant, endpoint.group, id);
    for (const address of addressesOf(endpoint)) this.#addresses.remove(tenant, address, id);
    if (port !== undefined && this.#ports.get(port)?.id === id) this.#ports.delete(port);
  }
}

/** Endpoints by tenant and name. Neither holds a `/`. */
class Directory {
  readonly #entries = new Map<string, Map<string, NamedEndpoint>>();

  find(tenant: string, name: string): readonly NamedEndpoint[] {
    return [...this.#entries.get(`${tenant}/${name}`)?.values() ?? []];
  }

  add(tenant: string, name: string, endpoint: NamedEndpoint): void {
    if (name === "") return;
    const key = `${tenant}/${name}`;
    const entry = this.#entries.get(key) ?? new Map<string, NamedEndpoint>();
    this.#entries.set(key, entry.set(endpoint.id, endpoint));
  }

  remove(tenant: string, name: string, id: string): void {
    const key = `${tenant}/${name}`;
    const entry = this.#entries.get(key);
    entry?.delete(id);
    if (entry?.size === 0) this.#entries.delete(key);
  }
}

function addressesOf({ address, address6 }: NamedEndpoint): string[] {
  return address6 === undefined ? [address] : [address, address6];
}

/** A namespace that was attached by hand has the name that it was given then. */
function nameOf({ epCommonName, endpointID, attachment }: EndpointState): string {
  return epCommonName === "" && attachment.kind === "netns" ? endpointID : epCommonName;
}

function named(endpoint: EndpointState, network: NetworkState, host: string): NamedEndpoint {
  return {
    id: endpoint.id,
    tenant: network.tenant,
    network: network.networkName.toLowerCase(),
    name: nameOf(endpoint).toLowerCase(),
    group: endpoint.serviceName.toLowerCase(),
    address: endpoint.ipAddress,
    ...(endpoint.ipv6Address ? { address6: endpoint.ipv6Address } : {}),
    ...(endpoint.homingHost === host && endpoint.attachment.kind !== "external"
      ? { port: endpoint.portNumber }
      : {}),
  };
}

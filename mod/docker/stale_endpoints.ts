/**
 * Endpoints and addresses whose engine has forgotten them: containers removed while this process, or the engine, was down. They are
 * found by comparing with what a reachable engine knows; an engine that cannot be asked has forgotten nothing.
 * @module
 */
import type { Allocation, EndpointState, NetworkState } from "../model/records.ts";
import { addressPrefix, ENDPOINTS, networkKey } from "../state/keys.ts";
import { decode, read, readAll, type Snapshot } from "../state/snapshot.ts";
import { mappings, SWARM } from "./mapping.ts";

export interface EndpointKey {
  /** `<network>.<tenant>` */
  readonly netID: string;
  readonly endpointID: string;
}

/** What an engine says that it has on the networks of our driver. */
export interface EngineFacts {
  /** Docker's endpoint ids of its running containers. */
  readonly endpointIDs: ReadonlySet<string>;
  readonly networkIDs: ReadonlySet<string>;
  /** `<Docker's network id> <address>` of its running containers. */
  readonly addresses: ReadonlySet<string>;
}

export interface StaleAddress {
  readonly space: string;
  readonly address: string;
}

export interface Stale {
  readonly endpoints: readonly EndpointKey[];
  readonly addresses: readonly StaleAddress[];
}

/** This host's endpoints that were attached through Docker's network `id`. */
export function endpointsOfDockerNetwork(
  snapshot: Snapshot,
  id: string,
  host: string,
): EndpointKey[] {
  return dockerEndpoints(snapshot, host)
    .filter((endpoint) => endpoint.attachment.dockerNetworkID === id)
    .map(keyOf);
}

/**
 * What `host`'s engine does not know. Something just being made is not known yet: only what two looks, a grace time apart, both find
 * stale may be released (`stillStale`).
 */
export function findStale(snapshot: Snapshot, facts: EngineFacts, host: string): Stale {
  return {
    endpoints: dockerEndpoints(snapshot, host)
      .filter((endpoint) => !facts.endpointIDs.has(endpoint.endpointID)).map(keyOf),
    addresses: staleAddresses(snapshot, facts, host),
  };
}

/** What both looks found. */
export function stillStale(before: Stale, now: Stale): Stale {
  const endpoints = new Set(before.endpoints.map((key) => `${key.netID} ${key.endpointID}`));
  const addresses = new Set(before.addresses.map((at) => `${at.space} ${at.address}`));
  return {
    endpoints: now.endpoints.filter((key) => endpoints.has(`${key.netID} ${key.endpointID}`)),
    addresses: now.addresses.filter((at) => addresses.has(`${at.space} ${at.address}`)),
  };
}

/** Addresses that this host's engine asked for, that no endpoint has taken and no container of it has. */
function staleAddresses(snapshot: Snapshot, facts: EngineFacts, host: string): StaleAddress[] {
  const stale: StaleAddress[] = [];
  for (const space of spacesOf(snapshot)) {
    const prefix = addressPrefix(space.name);
    for (const item of snapshot.list(prefix)) {
      const { owner, host: asker } = decode<Allocation>(item);
      const address = item.key.slice(prefix.length);
      if (owner.kind !== "docker" || asker !== host) continue;
      const known = space.dockerIds(host).some((id) => facts.addresses.has(`${id} ${address}`));
      if (!known) stale.push({ space: space.name, address });
    }
  }
  return stale;
}

interface Space {
  readonly name: string;
  /** Ids, on a host, of the Docker networks that share the space. */
  readonly dockerIds: (host: string) => readonly string[];
}

/** Swarm's addresses are held by its managers for tasks on any host, so no host's engine can tell which are in use. */
function spacesOf(snapshot: Snapshot): Space[] {
  const byNetwork = Map.groupBy(
    mappings(snapshot),
    (mapping) => networkKey(mapping.tenantName, mapping.networkName),
  );
  return [...byNetwork].flatMap(([key, group]) => {
    const network = read<NetworkState>(snapshot, key);
    const swarm = group.some((mapping) => mapping.docknetUUID[SWARM] !== undefined);
    if (network === undefined || swarm) return [];
    return [{
      name: network.addressSpace,
      dockerIds: (host) => group.flatMap((mapping) => mapping.docknetUUID[host] ?? []),
    }];
  });
}

/** This host's endpoints that Docker attached. */
function dockerEndpoints(snapshot: Snapshot, host: string): EndpointState[] {
  return readAll<EndpointState>(snapshot, ENDPOINTS).filter((endpoint) =>
    endpoint.homingHost === host && endpoint.attachment?.kind === "docker"
  );
}

function keyOf({ netID, endpointID }: EndpointState): EndpointKey {
  return { netID, endpointID };
}

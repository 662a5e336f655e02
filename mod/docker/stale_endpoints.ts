/**
 * What this host's engine has forgotten: endpoints and addresses of containers removed while this process, or the engine, was down,
 * and pools whose network was never made. Found by comparing with what a reachable engine knows; an engine that cannot be asked has
 * forgotten nothing.
 * @module
 */
import { releaseAddress } from "../intent/endpoint.ts";
import type { Allocation, EndpointState, NetworkState } from "../model/records.ts";
import { addressPrefix, ENDPOINTS, networkKey, NETWORKS, portKey } from "../state/keys.ts";
import { type Plan, remove, unchanged } from "../state/plan.ts";
import { decode, read, readAll, type Snapshot } from "../state/snapshot.ts";
import type { Asker } from "./asker.ts";
import { CLUSTER_STORE, idsOf, mappings, SWARM } from "./mapping.ts";
import { type PoolReservation, RESERVATION_LIFETIME, RESERVATIONS } from "./reservation.ts";

/**
 * Milliseconds for which the engine may not know what it asked for: it tries a call for 15 s while the driver is away, and the driver
 * takes up to 8 s. What is younger is being made.
 */
export const GRACE = 30_000;

export interface EndpointKey {
  /** `<network>.<tenant>` */
  readonly netID: string;
  readonly endpointID: string;
}

/** What an engine says that it has, on networks of any driver. */
export interface EngineFacts {
  /** Docker's endpoint ids of its running containers. */
  readonly endpointIDs: ReadonlySet<string>;
  /** `<Docker's network id> <address>` of its running containers. */
  readonly addresses: ReadonlySet<string>;
}

export interface StaleAddress {
  readonly space: string;
  readonly address: string;
}

interface Found {
  /** Key of the record. */
  readonly key: string;
  /** Milliseconds since 1970. With the key, it tells a record from one made anew in its place. */
  readonly created: number;
}

/** Something that the engine does not know. */
export type Stale =
  & Found
  & (
    /** Its addresses go with it, unless the engine knows them as another's. */
    | {
      readonly type: "endpoint";
      readonly endpoint: EndpointKey;
      readonly addresses: readonly StaleAddress[];
    }
    | { readonly type: "address"; readonly address: StaleAddress }
    | { readonly type: "pool" }
  );

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

/** What `host`'s engine does not know. `snapshot` must be older than `facts`: what was made in between is then in neither. */
export function findStale(snapshot: Snapshot, facts: EngineFacts, { host, now }: Asker): Stale[] {
  const spaces = spacesOf(snapshot, host);
  return [
    ...staleEndpoints(snapshot, facts, spaces, host),
    ...spaces.flatMap((space) => staleAddresses(snapshot, facts, space, host)),
    ...expiredPools(snapshot, now),
  ];
}

/** Of what is stale now, what may be released: it was stale in the look before, and is past the time in which things are made. */
export function mayRelease(before: readonly Stale[], now: readonly Stale[], time: number): Stale[] {
  const identity = ({ key, created }: Found) => `${created} ${key}`;
  const seen = new Set(before.map(identity));
  return now.filter((stale) => seen.has(identity(stale)) && time - stale.created >= GRACE);
}

/** Frees an address, or the reservation of a pool, if it is still the record that was found. The result tells whether. */
export function releaseStale(
  snapshot: Snapshot,
  stale: Exclude<Stale, { type: "endpoint" }>,
  asker: Asker,
): Plan<boolean> {
  const item = snapshot.get(stale.key);
  if (item === undefined || decode<Allocation>(item).created !== stale.created) {
    return unchanged(false);
  }
  if (stale.type === "address") return releaseAddress(snapshot, stale.address, asker);
  return {
    compares: [{ key: item.key, modRevision: item.modRevision }],
    operations: [remove(item.key)],
    result: true,
  };
}

function staleEndpoints(
  snapshot: Snapshot,
  facts: EngineFacts,
  spaces: readonly Space[],
  host: string,
): Stale[] {
  return dockerEndpoints(snapshot, host)
    .filter((endpoint) => !facts.endpointIDs.has(endpoint.endpointID))
    .map((endpoint) => {
      const key = portKey(host, endpoint.portNumber);
      const created = read<Allocation>(snapshot, key)?.created ?? 0;
      const name = read<NetworkState>(snapshot, NETWORKS + endpoint.netID)?.addressSpace;
      const space = spaces.find((space) => space.name === name);
      const addresses = [endpoint.ipAddress, endpoint.ipv6Address].flatMap((address) =>
        space === undefined || address === "" || isKnown(facts, space, address)
          ? []
          : [{ space: space.name, address }]
      );
      return {
        type: "endpoint",
        key: ENDPOINTS + endpoint.id,
        created,
        endpoint: keyOf(endpoint),
        addresses,
      };
    });
}

/** Addresses that this host's engine asked for, that no endpoint has taken and no container of it has. */
function staleAddresses(
  snapshot: Snapshot,
  facts: EngineFacts,
  space: Space,
  host: string,
): Stale[] {
  const prefix = addressPrefix(space.name);
  return snapshot.list(prefix).flatMap((item): Stale[] => {
    const { owner, host: asker, created } = decode<Allocation>(item);
    const address = item.key.slice(prefix.length);
    if (owner.kind !== "docker" || asker !== host || isKnown(facts, space, address)) return [];
    return [{ type: "address", key: item.key, created, address: { space: space.name, address } }];
  });
}

/** Of any host: the one that asked may be gone for good. */
function expiredPools(snapshot: Snapshot, now: number): Stale[] {
  return snapshot.list(RESERVATIONS).flatMap((item): Stale[] => {
    const { created } = decode<PoolReservation>(item);
    return now - created < RESERVATION_LIFETIME ? [] : [{ type: "pool", key: item.key, created }];
  });
}

interface Space {
  readonly name: string;
  /** Ids, on this host, of the Docker networks that share the space. */
  readonly dockerIds: readonly string[];
}

/** Swarm's addresses are held by its managers for tasks on any host, so no host's engine can tell which are in use. */
function spacesOf(snapshot: Snapshot, host: string): Space[] {
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
      dockerIds: group.flatMap((mapping) => [
        ...idsOf(mapping, host),
        ...idsOf(mapping, CLUSTER_STORE),
      ]),
    }];
  });
}

function isKnown(facts: EngineFacts, space: Space, address: string): boolean {
  return space.dockerIds.some((id) => facts.addresses.has(`${id} ${address}`));
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

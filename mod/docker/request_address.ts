/**
 * RequestAddress and ReleaseAddress: addresses that Docker's IPAM asks for before it makes an endpoint. They are held for Docker until
 * it releases them, whatever becomes of the endpoint.
 * @module
 */
import { releaseAddress, requestAddress } from "../intent/endpoint.ts";
import { IntentError } from "../intent/error.ts";
import { addToAddress, formatAddress, parseAddress } from "../net/address.ts";
import { formatPrefix, type Prefix, prefixContains } from "../net/prefix.ts";
import { type Plan, put, unchanged } from "../state/plan.ts";
import { addressKey, dockerNetworkKey, endpointKey } from "../state/keys.ts";
import { decode, read, type Snapshot } from "../state/snapshot.ts";
import type {
  Allocation,
  DockerNetworkState,
  EndpointState,
  NetworkState,
} from "../model/records.ts";
import { SWARM } from "./mapping.ts";
import {
  networkOfPool,
  parsePoolId,
  type PoolId,
  type PoolNetwork,
  tenantOfDockerPool,
} from "./pool_id.ts";
import type { Asker } from "./asker.ts";
import { findReservation } from "./reservation.ts";
import type { EndpointKey } from "./stale_endpoints.ts";

export interface PoolAddressRequest {
  readonly poolId: string;
  /** Empty: the lowest free one. */
  readonly address: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The address with its prefix length, as libnetwork wants it. */
export function requestPoolAddress(
  snapshot: Snapshot,
  request: PoolAddressRequest,
  asker: Asker,
): Plan<string> {
  const pool = parsePoolId(request.poolId);
  if (pool === undefined) {
    throw new IntentError("invalid", `pool ${request.poolId} is not one of this driver's`);
  }
  const address = request.address === "" ? undefined : addressIn(pool.prefix, request.address);
  const found = networkOfPool(snapshot, pool);
  if (request.options["RequestAddressType"] === "com.docker.network.gateway") {
    return unchanged(gateway(snapshot, pool, found?.network, address));
  }
  if (found === undefined) {
    // `--aux-address`, asked for before the network: CreateNetwork names it again and reserves it then.
    if (tenantOfDockerPool(pool) !== undefined && address !== undefined) {
      return unchanged(cidrOf(address, pool.prefix));
    }
    throw noNetwork(request.poolId);
  }
  if (address !== undefined && isRepetition(snapshot, pool, found, address)) {
    const result = cidrOf(address, pool.prefix);
    return pool.global ? unchanged(result) : moveHere(snapshot, found, address, asker, result);
  }
  const plan = requestAddress(snapshot, {
    space: found.network.addressSpace,
    ref: found.ref,
    family: pool.prefix.address.family,
    ...(address === undefined ? {} : { address }),
  }, { now: asker.now, host: asker.host });
  return { ...plan, result: cidrOf(plan.result, pool.prefix) };
}

/**
 * The endpoint of this host that Docker attached and that has the address. An engine deletes an endpoint before it releases the
 * address, but for one of a cluster store's network that it finds after a crash of its own: that it gives up without a word.
 */
export function attachedWith(
  snapshot: Snapshot,
  poolId: string,
  address: string,
  host: string,
): EndpointKey | undefined {
  const pool = parsePoolId(poolId);
  const found = pool && networkOfPool(snapshot, pool);
  const parsed = parseAddress(address);
  if (!found || !parsed || isSwarms(snapshot, found)) return undefined;
  const key = addressKey(found.network.addressSpace, formatAddress(parsed));
  const owner = read<Allocation>(snapshot, key)?.owner;
  if (owner?.kind !== "endpoint") return undefined;
  const endpoint = read<EndpointState>(snapshot, endpointKey(owner.id));
  if (endpoint?.homingHost !== host || endpoint.attachment?.kind !== "docker") return undefined;
  return { netID: endpoint.netID, endpointID: endpoint.endpointID };
}

/** Whatever is unknown, or was never held for Docker, is released already. */
export function releasePoolAddress(
  snapshot: Snapshot,
  poolId: string,
  address: string,
  asker: Asker,
): Plan<boolean> {
  const pool = parsePoolId(poolId);
  const found = pool && networkOfPool(snapshot, pool);
  const parsed = parseAddress(address);
  if (!pool || !found || !parsed) return unchanged(false);
  // A node's release; its manager still holds the address.
  if (!pool.global && isSwarms(snapshot, found)) return unchanged(false);
  const key = addressKey(found.network.addressSpace, formatAddress(parsed));
  // A manager releases what it held for any host.
  const holder = read<Allocation>(snapshot, key)?.host;
  return releaseAddress(
    snapshot,
    { space: found.network.addressSpace, address: formatAddress(parsed) },
    { now: asker.now, host: pool.global ? holder ?? asker.host : asker.host },
  );
}

/** A gateway is its network's own and is never handed out, so nothing is written for it. */
function gateway(
  snapshot: Snapshot,
  pool: PoolId,
  network: NetworkState | undefined,
  asked: string | undefined,
): string {
  if (network === undefined) return cidrOf(asked ?? firstAddress(snapshot, pool), pool.prefix);
  const own = pool.prefix.address.family === 4 ? network.gateway : network.ipv6Gateway ?? "";
  if (asked !== undefined && own !== "" && asked !== own) {
    throw new IntentError(
      "conflict",
      `network ${network.networkName} has the gateway ${own}, not ${asked}`,
      "leave --gateway out",
    );
  }
  // A network without gateway: engines before 28 insist on an answer. The network address is nobody's, and Join gives no gateway.
  return own === "" ? formatPrefix(pool.prefix) : cidrOf(own, pool.prefix);
}

/** The first usable address of the `--ip-range`, or of the pool. */
function firstAddress(snapshot: Snapshot, pool: PoolId): string {
  const tenant = tenantOfDockerPool(pool);
  const range = tenant === undefined
    ? undefined
    : findReservation(snapshot, tenant, pool.prefix)?.range;
  const first = parseAddress(range?.split("-")[0] ?? "") ?? pool.prefix.address;
  return formatAddress(first.value === pool.prefix.address.value ? addToAddress(first, 1) : first);
}

/**
 * Under swarm the manager holds every address in the global space, and asks for all of them again when it has restarted; a node asks
 * for the same one in its local space.
 */
function isRepetition(
  snapshot: Snapshot,
  pool: PoolId,
  found: PoolNetwork,
  address: string,
): boolean {
  if (!isSwarms(snapshot, found)) return false;
  const key = addressKey(found.network.addressSpace, address);
  return !pool.global || read<Allocation>(snapshot, key)?.requestedBy === "docker";
}

/** The manager's host held it; the endpoint that takes it next is on this one. */
function moveHere(
  snapshot: Snapshot,
  { network }: PoolNetwork,
  address: string,
  { host }: Asker,
  result: string,
): Plan<string> {
  const item = snapshot.get(addressKey(network.addressSpace, address));
  const held = item && decode<Allocation>(item);
  if (item === undefined || held?.owner.kind !== "docker" || held.host === host) {
    return unchanged(result);
  }
  return {
    compares: [{ key: item.key, modRevision: item.modRevision }],
    operations: [put(item.key, { ...held, host })],
    result,
  };
}

function isSwarms(snapshot: Snapshot, { ref }: PoolNetwork): boolean {
  const key = dockerNetworkKey(ref.tenant, ref.network, ref.group);
  return read<DockerNetworkState>(snapshot, key)?.docknetUUID[SWARM] !== undefined;
}

function addressIn(prefix: Prefix, text: string): string {
  const address = parseAddress(text);
  if (address !== undefined && prefixContains(prefix, address)) return formatAddress(address);
  throw new IntentError(
    "invalid",
    `hostIP ${text} is exceeding beyond subnet ${formatPrefix(prefix)}`,
  );
}

function cidrOf(address: string, prefix: Prefix): string {
  return `${address}/${prefix.length}`;
}

function noNetwork(poolId: string): IntentError {
  return new IntentError(
    "not-found",
    `the network of pool ${poolId} does not exist`,
    "remove the Docker network and create it again",
  );
}

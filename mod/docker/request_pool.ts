/**
 * RequestPool and ReleasePool: which addresses a Docker network will have. The pool of a Contiv network is that network's; any other
 * is reserved for the network that CreateNetwork makes a moment later, so that two at once do not choose the same.
 * @module
 */
import type { NetworkRef } from "../agent/endpoint_service.ts";
import { IntentError } from "../intent/error.ts";
import type { NetworkState } from "../model/records.ts";
import { formatAddress } from "../net/address.ts";
import {
  formatPrefix,
  type Prefix,
  prefixRange,
  rangeContains,
  rangesOverlap,
} from "../net/prefix.ts";
import { networkKey, NETWORKS, tenantKey } from "../state/keys.ts";
import { type Plan, put, remove, unchanged } from "../state/plan.ts";
import { decode, read, readAll, type Snapshot } from "../state/snapshot.ts";
import type { Asker } from "./asker.ts";
import { choosePool } from "./choose_pool.ts";
import { parseCidr } from "./cidr.ts";
import { describeRef } from "./names.ts";
import { parseSelection } from "./options.ts";
import {
  dockerPoolName,
  formatPoolId,
  hasSubnet,
  networkOfPool,
  parsePoolId,
  type PoolId,
  poolNameOf,
  subnetOf,
} from "./pool_id.ts";
import { type PoolReservation, reservationKey, RESERVATIONS } from "./reservation.ts";
import { selectedRef } from "./selected.ts";

export interface PoolRequest {
  /** CIDR, or empty: choose. */
  readonly pool: string;
  /** `--ip-range`: CIDR inside the pool, or empty. */
  readonly subPool: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly v6: boolean;
  /** In the global address space. */
  readonly global: boolean;
}

export interface Pool {
  readonly id: PoolId;
  /** The Contiv network or group that was meant; undefined when CreateNetwork is to make one. */
  readonly ref: NetworkRef | undefined;
}

export function requestPool(snapshot: Snapshot, request: PoolRequest, asker: Asker): Plan<Pool> {
  const selection = parseSelection(request.options);
  const ref = selectedRef(snapshot, selection);
  return ref === undefined
    ? reservePool(snapshot, request, selection.tenant, asker)
    : unchanged({ id: poolOfNetwork(snapshot, request, ref), ref });
}

function poolOfNetwork(snapshot: Snapshot, request: PoolRequest, ref: NetworkRef): PoolId {
  const network = read<NetworkState>(snapshot, networkKey(ref.tenant, ref.network));
  const family = request.v6 ? 6 : 4;
  const subnet = network && subnetOf(network, family);
  if (network === undefined || subnet === undefined) {
    throw new IntentError("not-found", `${describeRef(ref)} has no IPv${family} subnet`);
  }
  if (request.pool !== "") {
    const asked = parseCidr(request.pool, "pool");
    if (!hasSubnet(network, asked)) {
      throw new IntentError(
        "conflict",
        `pool ${request.pool} is not the subnet of ${describeRef(ref)}`,
        `use --subnet ${formatPrefix(subnet)}, or leave it out`,
      );
    }
  }
  if (request.subPool !== "") {
    throw new IntentError(
      "invalid",
      `--ip-range ${request.subPool} cannot be given for ${describeRef(ref)}`,
      "give the range to the network (ctl network create --subnet first-last/length) or a pool to a group (ctl group create --ip-pool)",
    );
  }
  return { name: poolNameOf(ref), prefix: subnet, global: request.global };
}

function reservePool(
  snapshot: Snapshot,
  request: PoolRequest,
  tenant: string,
  asker: Asker,
): Plan<Pool> {
  if (read(snapshot, tenantKey(tenant)) === undefined) {
    throw new IntentError(
      "not-found",
      "Tenant not found",
      `create it: ctl tenant create ${tenant}`,
    );
  }
  const family = request.v6 ? 6 : 4;
  const prefix = request.pool === ""
    ? choosePool(snapshot, family, asker.now)
    : parseCidr(request.pool, "pool");
  checkPool(snapshot, tenant, prefix, family);
  const id = { name: dockerPoolName(tenant), prefix, global: request.global };
  const result = { id, ref: undefined };
  // Swarm asks again on each node, and its leader after each restart: the network is there already.
  if (networkOfPool(snapshot, id) !== undefined) return unchanged(result);
  const key = reservationKey(tenant, prefix);
  const reservation: PoolReservation = {
    owner: { kind: "docker", id: formatPoolId(id) },
    host: asker.host,
    created: asker.now,
    tenant,
    subnet: formatPrefix(prefix),
    ...(request.subPool === "" ? {} : { range: rangeText(request.subPool, prefix) }),
  };
  return {
    compares: [{ key, modRevision: snapshot.get(key)?.modRevision ?? 0 }],
    operations: [put(key, reservation)],
    result,
  };
}

/** Contiv's own limits, said before Docker has done anything. */
function checkPool(snapshot: Snapshot, tenant: string, prefix: Prefix, family: 4 | 6): void {
  const [shortest, longest] = family === 4 ? [8, 31] : [16, 128];
  if (prefix.address.family !== family) {
    throw new IntentError("invalid", `pool ${formatPrefix(prefix)} is not IPv${family}`);
  }
  if (prefix.length < shortest || prefix.length > longest) {
    throw new IntentError(
      "invalid",
      `subnet length ${prefix.length} not supported`,
      `give --subnet a length from ${shortest} to ${longest}`,
    );
  }
  for (const network of readAll<NetworkState>(snapshot, NETWORKS)) {
    const subnet = subnetOf(network, family);
    if (network.tenant !== tenant || subnet === undefined) continue;
    if (!rangesOverlap(prefixRange(subnet), prefixRange(prefix))) continue;
    const madeByDocker = networkOfPool(snapshot, {
      name: dockerPoolName(tenant),
      prefix,
      global: false,
    });
    if (madeByDocker?.network.id === network.id) continue;
    throw new IntentError(
      "conflict",
      `network ${network.networkName} conflicts with subnet ${formatPrefix(prefix)}`,
      `choose another --subnet, or attach to that network: --ipam-opt tenant=${tenant} --ipam-opt network=${network.networkName}`,
    );
  }
}

/** Releases a pool for which no network was made. Pools of networks go with them, so there is nothing to do; unknown ones likewise. */
export function releasePool(snapshot: Snapshot, poolId: string): Plan<void> {
  const pool = parsePoolId(poolId);
  const owner = pool && formatPoolId(pool);
  const item = snapshot.list(RESERVATIONS)
    .find((item) => decode<PoolReservation>(item).owner.id === owner);
  if (item === undefined) return unchanged(undefined);
  return {
    compares: [{ key: item.key, modRevision: item.modRevision }],
    operations: [remove(item.key)],
    result: undefined,
  };
}

function rangeText(subPool: string, pool: Prefix): string {
  const range = prefixRange(parseCidr(subPool, "--ip-range"));
  const whole = prefixRange(pool);
  if (!rangeContains(whole, range.first) || !rangeContains(whole, range.last)) {
    throw new IntentError("invalid", `--ip-range ${subPool} is not inside ${formatPrefix(pool)}`);
  }
  return `${formatAddress(range.first)}-${formatAddress(range.last)}`;
}

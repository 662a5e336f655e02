/**
 * Pool ids: what Docker's IPAM calls carry from one to the next. They name everything needed to serve a call, so that no state of
 * their own is kept: `<network>.<tenant>|<cidr>`, `<network>:<group>.<tenant>|<cidr>` as the original had them; a pool that a user's
 * `docker network create` makes has `docker@` in the network's place, because it comes before its network; a third field, `global`,
 * marks pools asked for in the global address space.
 * @module
 */
import type { NetworkRef } from "../agent/endpoint_service.ts";
import type { GroupState, NetworkState } from "../model/records.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../net/prefix.ts";
import { GROUPS, networkId, networkKey, NETWORKS } from "../state/keys.ts";
import { read, readAll, type Snapshot } from "../state/snapshot.ts";

export interface PoolId {
  /** What stands before the first `|`. */
  readonly name: string;
  readonly prefix: Prefix;
  /** Asked for in the global address space. */
  readonly global: boolean;
}

/** A network's name cannot start so: names have no `@`. */
const DOCKER_POOL = "docker@.";

/** The name of the pool of a network or group. */
export function poolNameOf({ tenant, network, group }: NetworkRef): string {
  return group === "" ? networkId(tenant, network) : `${network}:${group}.${tenant}`;
}

/** The name of a pool that Docker makes in `tenant`. */
export function dockerPoolName(tenant: string): string {
  return DOCKER_POOL + tenant;
}

/** The tenant of a pool that Docker made; undefined for the pool of a Contiv network. */
export function tenantOfDockerPool(pool: PoolId): string | undefined {
  return pool.name.startsWith(DOCKER_POOL) ? pool.name.slice(DOCKER_POOL.length) : undefined;
}

export function formatPoolId({ name, prefix, global }: PoolId): string {
  return `${name}|${formatPrefix(prefix)}${global ? "|global" : ""}`;
}

/** Undefined when it is not one of ours. */
export function parsePoolId(text: string): PoolId | undefined {
  const [name = "", cidr = "", scope, ...rest] = text.split("|");
  const prefix = parsePrefix(cidr);
  if (name === "" || prefix === undefined || rest.length > 0) return undefined;
  if (scope !== undefined && scope !== "global") return undefined;
  return { name, prefix, global: scope === "global" };
}

export interface PoolNetwork {
  readonly ref: NetworkRef;
  readonly network: NetworkState;
}

/**
 * The network or group whose addresses the pool holds; undefined when it does not exist (yet, or any more). Names may have dots, so
 * a pool's name is compared, never cut at a dot.
 */
export function networkOfPool(snapshot: Snapshot, pool: PoolId): PoolNetwork | undefined {
  const tenant = tenantOfDockerPool(pool);
  if (tenant !== undefined) return networkMadeByDocker(snapshot, tenant, pool.prefix);
  const colon = pool.name.indexOf(":");
  if (colon < 0) {
    const network = read<NetworkState>(snapshot, NETWORKS + pool.name);
    return network &&
      { ref: { tenant: network.tenant, network: network.networkName, group: "" }, network };
  }
  const networkName = pool.name.slice(0, colon);
  const group = readAll<GroupState>(snapshot, GROUPS).find((state) =>
    state.networkName === networkName &&
    `${state.groupName}.${state.tenantName}` === pool.name.slice(colon + 1)
  );
  const network = group && read<NetworkState>(snapshot, networkKey(group.tenantName, networkName));
  return group && network && {
    ref: { tenant: group.tenantName, network: networkName, group: group.groupName },
    network,
  };
}

/** Networks of one tenant do not overlap, so their subnet tells them apart. */
function networkMadeByDocker(
  snapshot: Snapshot,
  tenant: string,
  prefix: Prefix,
): PoolNetwork | undefined {
  const network = readAll<NetworkState>(snapshot, NETWORKS).find((state) =>
    state.tenant === tenant && state.dockerHolder !== undefined && hasSubnet(state, prefix)
  );
  return network && { ref: { tenant, network: network.networkName, group: "" }, network };
}

/** Whether `prefix` is the network's subnet of that family. */
export function hasSubnet(network: NetworkState, prefix: Prefix): boolean {
  const subnet = subnetOf(network, prefix.address.family);
  return subnet !== undefined && formatPrefix(subnet) === formatPrefix(prefix);
}

export function subnetOf(network: NetworkState, family: 4 | 6): Prefix | undefined {
  return family === 4
    ? parsePrefix(`${network.subnetIP}/${network.subnetLen}`)
    : parsePrefix(`${network.ipv6SubnetIP ?? ""}/${network.ipv6SubnetLen ?? ""}`);
}

/**
 * Where everything lives in the store. The original's layout is kept (`/contiv.io/obj`, `/state`, `/oper`, …), so that what an
 * operator knows how to inspect stays where it was; allocations are one key per address, tag or id, with the owner inside.
 * Names contain neither `/` nor `:`, so prefixes ending in one of them are exact.
 * @module
 */
export const ROOT = "/contiv.io/";
export const OBJECTS = "/contiv.io/obj/modeldb/";
export const NETWORKS = "/contiv.io/state/nets/";
export const ENDPOINTS = "/contiv.io/state/eps/";
export const GROUPS = "/contiv.io/state/endpointGroups/";
export const TENANTS = "/contiv.io/state/tenants/";
export const HOSTS = "/contiv.io/state/hosts/";
export const DOCKER_NETWORKS = "/contiv.io/oper/docknet/";
export const ENDPOINT_STATUS = "/contiv.io/oper/eps/";
export const MASTER_CONFIG = "/contiv.io/master/config/global";
/** The cluster's own id. */
export const CLUSTER = "/contiv.io/oper/cluster";
export const ALLOCATIONS = "/contiv.io/state/alloc/";
export const SERVICES = "/contiv.io/service/";
export const LOCKS = "/contiv.io/lock/";

/** User intent: `type` is the model's name (`network`), `key` its joined key (`default:net1`). */
export const objectKey = (type: string, key: string): string => `${OBJECTS}${type}/${key}`;

/** Derived state of a network; its id is `<network>.<tenant>`. */
export const networkId = (tenant: string, network: string): string => `${network}.${tenant}`;
export const networkKey = (tenant: string, network: string): string =>
  NETWORKS + networkId(tenant, network);

/** Derived state of an endpoint; its id is `<network>.<tenant>-<endpointID>`. */
export const endpointKey = (id: string): string => ENDPOINTS + id;

/** A host of the cluster, by its label. */
export const hostKey = (label: string): string => HOSTS + label;

export const groupId = (tenant: string, group: string): string => `${group}:${tenant}`;
export const groupKey = (tenant: string, group: string): string => GROUPS + groupId(tenant, group);
export const tenantKey = (tenant: string): string => TENANTS + tenant;

/** Which Docker network stands for which network or group; `group` is empty for a network. */
export const dockerNetworkKey = (tenant: string, network: string, group: string): string =>
  `${DOCKER_NETWORKS}${tenant}.${network}.${group}`;

/** What the host that carries an endpoint reports about it (errors, ports). */
export const endpointStatusKey = (id: string): string => ENDPOINT_STATUS + id;

/** Addresses of one address space (normally `<tenant>:<network>`), one key an address. */
export const addressPrefix = (space: string): string => `${ALLOCATIONS}address/${space}/`;
export const addressKey = (space: string, address: string): string =>
  addressPrefix(space) + address;

/** Pools of numbers: VLAN tags, VXLAN network identifiers, local VLAN tags, group ids, tenants' VRF ids. */
export type NumberPool = "vlan" | "vxlan" | "local-vlan" | "group" | "vrf";
export const numberPrefix = (pool: NumberPool): string => `${ALLOCATIONS}${pool}/`;
export const numberKey = (pool: NumberPool, number: number): string => numberPrefix(pool) + number;

/** Port numbers of one host: `vportN`, OpenFlow port N and the host-private address N are the same N. */
export const portPrefix = (host: string): string => `${ALLOCATIONS}port/${host}/`;
export const portKey = (host: string, number: number): string => portPrefix(host) + number;

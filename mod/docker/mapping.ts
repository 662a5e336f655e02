/**
 * Which Docker network stands for which Contiv network or group: the record under /contiv.io/oper/docknet and the look-ups by it.
 * The record outlives dockerd and this process: an engine creates a network once and never tells its driver again.
 * @module
 */
import type { NetworkRef } from "../agent/endpoint_service.ts";
import type { DockerNetworkState, GroupState, NetworkState } from "../model/records.ts";
import { DOCKER_NETWORKS, dockerNetworkKey, GROUPS, NETWORKS } from "../state/keys.ts";
import type { Compare, Operation } from "../state/store.ts";
import { put, remove } from "../state/plan.ts";
import { decode, readAll, type Snapshot } from "../state/snapshot.ts";

/**
 * Who has a Docker network: a host, by its label, or one of these two. Swarm's managers allocate a network before any host has it; the
 * engines of one cluster store have each network together. No host has such a label.
 */
export const SWARM = "";
export const CLUSTER_STORE = "*";

/** Docker's ids of it at `holder`; several when a user made more than one for the same Contiv network. */
export function idsOf({ docknetUUID }: DockerNetworkState, holder: string): string[] {
  return (docknetUUID[holder] ?? "").split(" ").filter((id) => id !== "");
}

export function refOf(mapping: DockerNetworkState): NetworkRef {
  return {
    tenant: mapping.tenantName,
    network: mapping.networkName,
    group: mapping.serviceName,
  };
}

/** The record of Docker's network `id`: the holder's own, else anybody's (a swarm network has one id everywhere). */
export function findMapping(
  snapshot: Snapshot,
  id: string,
  holder: string,
): DockerNetworkState | undefined {
  const all = mappings(snapshot);
  return all.find((mapping) => idsOf(mapping, holder).includes(id)) ??
    all.find((mapping) =>
      Object.keys(mapping.docknetUUID).some((other) => idsOf(mapping, other).includes(id))
    );
}

/**
 * Who has Docker's network `id` that `host`'s engine tells of. Engines with a global scope have their networks together, but for those
 * of swarm: it tells each node for itself.
 */
export function holderOf(
  snapshot: Snapshot,
  id: string,
  host: string,
  scope: "local" | "global",
): string {
  if (scope === "local") return host;
  const mapping = findMapping(snapshot, id, host);
  const single = mapping !== undefined &&
    [SWARM, host].some((holder) => idsOf(mapping, holder).includes(id));
  return single ? host : CLUSTER_STORE;
}

export function mappings(snapshot: Snapshot): DockerNetworkState[] {
  return readAll<DockerNetworkState>(snapshot, DOCKER_NETWORKS);
}

/** The group with this tag, else the network, as the original looked them up. */
export function findByTag(snapshot: Snapshot, tag: string): NetworkRef | undefined {
  const group = readAll<GroupState>(snapshot, GROUPS).find((state) => state.groupTag === tag);
  if (group !== undefined) {
    return { tenant: group.tenantName, network: group.networkName, group: group.groupName };
  }
  const network = readAll<NetworkState>(snapshot, NETWORKS).find((state) =>
    state.networkTag === tag
  );
  return network && { tenant: network.tenant, network: network.networkName, group: "" };
}

/** A change of one record, and the condition that it is still what the decision was made from. */
export interface Change {
  readonly compares: readonly Compare[];
  readonly operations: readonly Operation[];
}

const NO_CHANGE: Change = { compares: [], operations: [] };

/** Records that `holder` has the network or group `ref` as Docker's network `id`. */
export function recordMapping(
  snapshot: Snapshot,
  ref: NetworkRef,
  holder: string,
  id: string,
): Change {
  const key = dockerNetworkKey(ref.tenant, ref.network, ref.group);
  const item = snapshot.get(key);
  const old = item && decode<DockerNetworkState>(item);
  const ids = old === undefined ? [] : idsOf(old, holder);
  if (ids.includes(id)) return NO_CHANGE;
  const record: DockerNetworkState = {
    id: `${ref.tenant}.${ref.network}.${ref.group}`,
    tenantName: ref.tenant,
    networkName: ref.network,
    serviceName: ref.group,
    docknetUUID: { ...old?.docknetUUID, [holder]: [...ids, id].join(" ") },
  };
  return {
    compares: [{ key, modRevision: item?.modRevision ?? 0 }],
    operations: [put(key, record)],
  };
}

/** Forgets that `holder` has it as `id`; the record goes with its last holder. */
export function forgetMapping(
  snapshot: Snapshot,
  ref: NetworkRef,
  holder: string,
  id: string,
): Change {
  const key = dockerNetworkKey(ref.tenant, ref.network, ref.group);
  const item = snapshot.get(key);
  if (item === undefined) return NO_CHANGE;
  const old = decode<DockerNetworkState>(item);
  const ids = idsOf(old, holder);
  if (!ids.includes(id)) return NO_CHANGE;
  const { [holder]: _, ...others } = old.docknetUUID;
  const rest = ids.filter((other) => other !== id);
  const docknetUUID = rest.length === 0 ? others : { ...others, [holder]: rest.join(" ") };
  return {
    compares: [{ key, modRevision: item.modRevision }],
    operations: [
      Object.keys(docknetUUID).length === 0 ? remove(key) : put(key, { ...old, docknetUUID }),
    ],
  };
}

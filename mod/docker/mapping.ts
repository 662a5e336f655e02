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

/** Stands among the host labels for swarm's managers, who allocate a network before any host has it. No host has this label. */
export const SWARM = "";

export function refOf(mapping: DockerNetworkState): NetworkRef {
  return {
    tenant: mapping.tenantName,
    network: mapping.networkName,
    group: mapping.serviceName,
  };
}

/** The record of Docker's network `id`: this host's, else any host's (engines with a shared scope show one network everywhere). */
export function findMapping(
  snapshot: Snapshot,
  id: string,
  host: string,
): DockerNetworkState | undefined {
  const all = mappings(snapshot);
  return all.find((mapping) => mapping.docknetUUID[host] === id) ??
    all.find((mapping) => Object.values(mapping.docknetUUID).includes(id));
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

/** Records that `host` has the network `ref` as Docker's network `id`. */
export function recordMapping(
  snapshot: Snapshot,
  ref: NetworkRef,
  host: string,
  id: string,
  createdByDocker: boolean,
): Change {
  const key = dockerNetworkKey(ref.tenant, ref.network, ref.group);
  const item = snapshot.get(key);
  const old = item && decode<DockerNetworkState>(item);
  if (old?.docknetUUID[host] === id) return NO_CHANGE;
  const record: DockerNetworkState = {
    id: `${ref.tenant}.${ref.network}.${ref.group}`,
    tenantName: ref.tenant,
    networkName: ref.network,
    serviceName: ref.group,
    ...(createdByDocker || old?.createdByDocker ? { createdByDocker: true } : {}),
    docknetUUID: { ...old?.docknetUUID, [host]: id },
  };
  return {
    compares: [{ key, modRevision: item?.modRevision ?? 0 }],
    operations: [put(key, record)],
  };
}

/** Forgets that `host` has it; the record goes with its last host. */
export function forgetMapping(snapshot: Snapshot, ref: NetworkRef, host: string): Change {
  const key = dockerNetworkKey(ref.tenant, ref.network, ref.group);
  const item = snapshot.get(key);
  if (item === undefined) return NO_CHANGE;
  const old = decode<DockerNetworkState>(item);
  const { [host]: gone, ...docknetUUID } = old.docknetUUID;
  if (gone === undefined) return NO_CHANGE;
  return {
    compares: [{ key, modRevision: item.modRevision }],
    operations: [
      Object.keys(docknetUUID).length === 0 ? remove(key) : put(key, { ...old, docknetUUID }),
    ],
  };
}

/**
 * The parts of inspect documents that objects share: fields in the original's order, zero values left out.
 * @module
 */
import { heldValues, ipv4Space, unavailable } from "../alloc/addresses.ts";
import { complement, formatAddressRuns } from "../alloc/display.ts";
import type { ModelObject } from "../model/object.ts";
import type { EndpointState, GroupState, NetworkState } from "../model/records.ts";
import { withoutZeros } from "../model/wire.ts";
import { ENDPOINTS, networkKey } from "../state/keys.ts";
import { read, readAll, type Snapshot } from "../state/snapshot.ts";

export function endpointsOf(
  snapshot: Snapshot,
  belongs: (endpoint: EndpointState) => boolean,
): EndpointState[] {
  return readAll<EndpointState>(snapshot, ENDPOINTS).filter(belongs);
}

export function endpointOper(endpoint: EndpointState): ModelObject {
  return withoutZeros({
    containerID: endpoint.containerId,
    containerName: endpoint.epCommonName,
    endpointGroupId: endpoint.endpointGroupId,
    endpointGroupKey: endpoint.endpointGroupKey,
    endpointID: endpoint.endpointID,
    homingHost: endpoint.homingHost,
    intfName: endpoint.intfName,
    ipAddress: [endpoint.ipAddress, endpoint.ipv6Address],
    labels: goMap(endpoint.labels),
    macAddress: endpoint.macAddress,
    network: endpoint.netID,
    serviceName: endpoint.serviceName,
    virtualPort: endpoint.intfName && `v${endpoint.intfName}`,
    vtepIP: endpoint.vtepIP,
  });
}

/** Go's print form of a map: `map[a:1 b:2]`, sorted by key. */
function goMap(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels ?? {}).sort(([a], [b]) => a < b ? -1 : 1);
  return `map[${pairs.map(([key, value]) => `${key}:${value}`).join(" ")}]`;
}

export function networkOper(snapshot: Snapshot, network: NetworkState): ModelObject {
  const space = ipv4Space(snapshot, network);
  const endpoints = endpointsOf(snapshot, (endpoint) => endpoint.netID === network.id);
  const taken = space ? unavailable(snapshot, space, space.usable, "") : [];
  return withoutZeros({
    allocatedAddressesCount: space ? heldValues(snapshot, space).length : 0,
    allocatedIPAddresses: formatAddressRuns(4, taken),
    availableIPAddresses: space && formatAddressRuns(4, complement(space.usable, taken)),
    endpoints: endpoints.map(endpointOper),
    externalPktTag: network.extPktTag,
    networkTag: network.networkTag,
    numEndpoints: endpoints.length,
    pktTag: network.pktTag,
  });
}

export function groupOper(snapshot: Snapshot, group: GroupState): ModelObject {
  const network = read<NetworkState>(snapshot, networkKey(group.tenantName, group.networkName));
  const space = network && ipv4Space(snapshot, network);
  const pool = space?.pools.get(group.id);
  const taken = space && pool ? unavailable(snapshot, space, pool, group.id) : [];
  const endpoints = endpointsOf(snapshot, (endpoint) => endpoint.endpointGroupKey === group.id);
  return withoutZeros({
    allocatedIPAddresses: formatAddressRuns(4, taken),
    availableIPAddresses: pool && formatAddressRuns(4, complement(pool, taken)),
    endpoints: endpoints.map(endpointOper),
    externalPktTag: group.extPktTag,
    groupTag: group.groupTag,
    numEndpoints: endpoints.length,
    pktTag: group.pktTag,
  });
}

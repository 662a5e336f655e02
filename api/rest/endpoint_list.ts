/**
 * `GET /api/v1/endpoints/`: every endpoint with what its host says of it. The original had no such list.
 * @module
 */
import { z } from "zod";
import type { EndpointState, EndpointStatus, NetworkState } from "../../mod/model/records.ts";
import { ENDPOINTS, endpointStatusKey, NETWORKS } from "../../mod/state/keys.ts";
import { read, readAll, type Snapshot } from "../../mod/state/snapshot.ts";

export const endpointListItem = z.object({
  endpointID: z.string().describe("Unique within its network"),
  tenant: z.string(),
  network: z.string(),
  group: z.string().describe("Endpoint group, or empty"),
  ipAddress: z.string(),
  ipv6Address: z.string().describe("Empty when the network has no IPv6 subnet"),
  macAddress: z.string(),
  homingHost: z.string().describe("Label of the host that carries it"),
  containerID: z.string(),
  containerName: z.string(),
  state: z.enum(["up", "degraded"]).describe("up unless its host reports trouble"),
  error: z.string().optional().describe("Why it carries no traffic, and what to do"),
});

export type EndpointListItem = z.infer<typeof endpointListItem>;

/** Sorted by tenant, network and id. */
export function endpointList(snapshot: Snapshot): EndpointListItem[] {
  return readAll<EndpointState>(snapshot, ENDPOINTS)
    .map((endpoint) => listItem(snapshot, endpoint))
    .sort((a, b) => compare(sortKey(a), sortKey(b)));
}

function listItem(snapshot: Snapshot, endpoint: EndpointState): EndpointListItem {
  const network = read<NetworkState>(snapshot, NETWORKS + endpoint.netID);
  const status = read<EndpointStatus>(snapshot, endpointStatusKey(endpoint.id));
  return {
    endpointID: endpoint.endpointID,
    tenant: network?.tenant ?? "",
    network: network?.networkName ?? endpoint.netID,
    group: endpoint.serviceName,
    ipAddress: endpoint.ipAddress,
    ipv6Address: endpoint.ipv6Address,
    macAddress: endpoint.macAddress,
    homingHost: endpoint.homingHost,
    containerID: endpoint.containerId,
    containerName: endpoint.epCommonName,
    state: status?.state ?? "up",
    ...(status?.error ? { error: status.error } : {}),
  };
}

function sortKey(item: EndpointListItem): string {
  return [item.tenant, item.network, item.endpointID].join("\0");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

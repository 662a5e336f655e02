/**
 * Which networks a host itself has a way into, by its interfaces in infra networks. It forwards what containers send to the outside, and would
 * take other tenants' packets along. Pure.
 * @module
 */
import type { NetworkState } from "../model/records.ts";
import { networkId, NETWORKS } from "../state/keys.ts";
import { read, type Snapshot } from "../state/snapshot.ts";

/** The infra network by which hosts reach containers of its tenant under their own addresses. */
export const GATEWAY_NETWORK = "contivh1";

/** Also while the host has no interface there yet: it may get one at any moment. */
export function hostReaches(snapshot: Snapshot, network: NetworkState): boolean {
  const { tenant, nwType, pktTagType } = network;
  if (nwType === "infra") return true;
  const gateway = read<NetworkState>(snapshot, NETWORKS + networkId(tenant, GATEWAY_NETWORK));
  return pktTagType === "vxlan" && gateway?.nwType === "infra";
}

/** Of the network with this id, there or not: the tenant whose networks it opens to hosts; empty: none. */
export function openedBy(netID: string): string {
  const prefix = networkId("", GATEWAY_NETWORK);
  return netID.startsWith(prefix) ? netID.slice(prefix.length) : "";
}

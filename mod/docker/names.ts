/**
 * How Contiv's networks and groups are called in Docker, and the names that Docker knows this driver by.
 * @module
 */
import type { NetworkRef } from "../agent/endpoint_service.ts";

/** Name of the socket, and so of the network and IPAM driver; a managed plugin has its own (`contiv/v2plugin:1.0`). */
export const PLUGIN_NAME = "netplugin";

/** The tenant that goes without saying. */
export const DEFAULT_TENANT = "default";

/**
 * The address spaces that we announce to libnetwork: an engine asks for its own pools in the local one; swarm's leader (and an engine
 * with a cluster store) in the global one.
 */
export const LOCAL_ADDRESS_SPACE = "contiv-local";
export const GLOBAL_ADDRESS_SPACE = "contiv-global";

/** Docker's network name: the group's name, else the network's, and `/tenant` when it is not the default one. */
export function dockerNetworkName({ tenant, network, group }: NetworkRef): string {
  const name = group === "" ? network : group;
  return tenant === DEFAULT_TENANT ? name : `${name}/${tenant}`;
}

/** What an error calls it: `network net1`, `group web of network net1`, `… of tenant blue`. */
export function describeRef({ tenant, network, group }: NetworkRef): string {
  const name = group === "" ? `network ${network}` : `group ${group} of network ${network}`;
  return tenant === DEFAULT_TENANT ? name : `${name} of tenant ${tenant}`;
}

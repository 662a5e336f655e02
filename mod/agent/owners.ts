/**
 * The unit of change of a host's desired state: whose flows, groups and meters they are.
 * @module
 */
export const BASE = "base";
export const networkOwner = (id: string): string => `network:${id}`;
/** An endpoint on this host. */
export const endpointOwner = (id: string): string => `endpoint:${id}`;
/** An endpoint on another host. */
export const remoteOwner = (id: string): string => `remote:${id}`;
/** Another host, by its tunnel address. */
export const peerOwner = (address: string): string => `peer:${address}`;

/**
 * What size a packet of the underlay may have.
 * @module
 */
import { type AssignedAddress, listAddresses } from "./address.ts";
import { type Link, listLinks } from "./link.ts";
import type { NetlinkSocket } from "./netlink/socket.ts";

/** Links that carry containers or bridges for them, ours and other tools', never the underlay. */
const NOT_UNDERLAY = /^(lo$|contiv|v?vport|docker|br-|veth)/;
const DEFAULT_MTU = 1500;

export async function underlayMtu(socket: NetlinkSocket): Promise<number> {
  return smallestUnderlayMtu(await listLinks(socket), await listAddresses(socket));
}

/** The smallest MTU among the host's own links with a global address; 1500 when there is none. */
export function smallestUnderlayMtu(
  links: readonly Pick<Link, "index" | "name" | "mtu">[],
  addresses: readonly Pick<AssignedAddress, "linkIndex" | "global">[],
): number {
  const addressed = new Set(addresses.filter((it) => it.global).map((it) => it.linkIndex));
  const sizes = links
    .filter(({ index, name }) => addressed.has(index) && !NOT_UNDERLAY.test(name))
    .map(({ mtu }) => mtu);
  return sizes.length === 0 ? DEFAULT_MTU : Math.min(...sizes);
}

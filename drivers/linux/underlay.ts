/**
 * What size a packet of the underlay may have.
 * @module
 */
import { KernelError, type Underlay } from "../../mod/agent/kernel.ts";
import { formatAddress, parseAddress } from "../../mod/net/address.ts";
import { type AssignedAddress, listAddresses } from "./address.ts";
import { type Link, listLinks } from "./link.ts";
import type { NetlinkSocket } from "./netlink/socket.ts";

/** Links that carry containers or bridges for them, ours and other tools', never the underlay. */
const NOT_UNDERLAY = /^(lo$|contiv|v?vport|docker|br-[0-9a-f]{12}$|veth)/;
const DEFAULT_MTU = 1500;

/** Throws KernelError "invalid" for what is no address. */
export async function underlayOf(text: string, socket: NetlinkSocket): Promise<Underlay> {
  const [links, addresses] = [await listLinks(socket), await listAddresses(socket)];
  const wanted = parseAddress(text);
  if (!wanted) throw new KernelError("invalid", `${text} is not an IP address`);
  const holder = addresses.find(({ address }) => formatAddress(address) === formatAddress(wanted));
  const link = links.find(({ index }) => index === holder?.linkIndex);
  if (!link) return { mtu: smallestUnderlayMtu(links, addresses) };
  // An address on lo is reached by whatever link the packets come in by.
  const mtu = link.name === "lo" ? smallestUnderlayMtu(links, addresses) : link.mtu;
  return { link: link.name, mtu, ...(link.kind === undefined ? {} : { kind: link.kind }) };
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

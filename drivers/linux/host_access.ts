/**
 * The way between containers and the host, and through it to the world: contivh0's addresses, forwarding, NAT. Sets what differs and
 * takes away only what is recognisably ours, so it may run again at any time.
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { type HostAccessSpec, KernelError } from "../../mod/agent/kernel.ts";
import { compareAddresses } from "../../mod/net/address.ts";
import { parseMac } from "../../mod/net/mac.ts";
import { formatPrefix, parsePrefix, prefixContains } from "../../mod/net/prefix.ts";
import {
  addAddress,
  type InterfaceAddress,
  listAddresses,
  parseInterfaceAddress,
  prefixOfInterface,
  removeAddress,
} from "./address.ts";
import { changeLink, findLink, type Link, listLinks } from "./link.ts";
import { checkLinkName, checkMtu, macBytes } from "./names.ts";
import { ensureNat, type NatTools, removeNat } from "./nat.ts";
import { RTPROT_RA } from "./netlink/constants.ts";
import type { NetlinkSocket } from "./netlink/socket.ts";
import { type DefaultRoute, listDefaultRoutes } from "./route.ts";
import { ensureSysctl, hasIPv6, readSysctl } from "./sysctl.ts";

const logger = getLogger(["contiv", "linux"]);

/** See Kernel.ensureHostAccess. */
export async function ensureHostAccess(
  spec: HostAccessSpec,
  socket: NetlinkSocket,
  tools: Partial<NatTools>,
): Promise<void> {
  const ipv6 = hasIPv6();
  const addresses = usableAddresses(spec, ipv6);
  const prefixes = usablePrefixes(spec, ipv6);
  macBytes(spec.mac);
  checkMtu(spec.mtu);
  const link = await findLink(socket, checkLinkName(spec.link));
  if (!link) {
    throw new KernelError(
      "not-found",
      `cannot give containers a way to the host: there is no link ${spec.link}; the switch makes it, see: ovs-vsctl show`,
    );
  }
  setLinkSysctls(spec.link, ipv6);
  await setLink(spec, link, socket);
  await setAddresses(link, addresses, socket);
  await setForwarding(ipv6, socket);
  await ensureNat(spec.link, prefixes, tools);
}

/** See Kernel.removeHostAccess. Forwarding stays on: others may have come to need it, and what it was before is not known. */
export async function removeHostAccess(
  spec: HostAccessSpec,
  socket: NetlinkSocket,
  tools: Partial<NatTools>,
): Promise<void> {
  const link = await findLink(socket, checkLinkName(spec.link));
  const addresses = usableAddresses(spec, hasIPv6());
  if (link) {
    await socket.apply(addresses.map((address) => removeAddress(link.index, link.name, address)));
  }
  await removeNat(tools);
}

/** On a host without IPv6 no container gets out by IPv6, and there is nothing to set up for it. */
function usableAddresses(spec: HostAccessSpec, ipv6: boolean): InterfaceAddress[] {
  const addresses = spec.addresses.map(parseInterfaceAddress);
  const usable = addresses.filter(({ address }) => address.family === 4 || ipv6);
  if (usable.length < addresses.length) {
    logger.warn("This host has no IPv6: {link} gets its IPv4 addresses only", { link: spec.link });
  }
  return usable;
}

function usablePrefixes(spec: HostAccessSpec, ipv6: boolean): string[] {
  return spec.masquerade.map((text) => {
    const prefix = parsePrefix(text);
    if (prefix) return prefix;
    throw new KernelError("invalid", `cannot masquerade ${JSON.stringify(text)}: not a prefix`);
  }).filter(({ address }) => address.family === 4 || ipv6).map(formatPrefix);
}

/** Replies to a container may come by another link than those to the host: loose reverse path filter (RFC 3704 §2.4). */
function setLinkSysctls(link: string, ipv6: boolean): void {
  ensureSysctl(`net/ipv4/conf/${link}/rp_filter`, "2");
  if (!ipv6) return;
  ensureSysctl(`net/ipv6/conf/${link}/disable_ipv6`, "0");
  // The address is ours alone; a second of duplicate address detection would delay the first container.
  ensureSysctl(`net/ipv6/conf/${link}/accept_dad`, "0");
}

export async function setLink(
  spec: Pick<HostAccessSpec, "mac" | "mtu">,
  link: Link,
  socket: NetlinkSocket,
): Promise<void> {
  const change = {
    ...(link.mac === parseMac(spec.mac) ? {} : { mac: macBytes(spec.mac) }),
    ...(link.mtu === spec.mtu ? {} : { mtu: spec.mtu }),
    ...(link.up ? {} : { up: true }),
  };
  if (Object.keys(change).length === 0) return;
  await socket.apply([changeLink(link.index, link.name, change)]);
}

export async function setAddresses(
  link: Link,
  wanted: readonly InterfaceAddress[],
  socket: NetlinkSocket,
): Promise<void> {
  const present = (await listAddresses(socket)).filter((it) => it.linkIndex === link.index);
  const { add, remove } = addressChanges(present, wanted);
  const requests = [
    ...remove.map((address) => removeAddress(link.index, link.name, address)),
    ...add.map((address) => addAddress(link.index, link.name, address)),
  ];
  if (requests.length > 0) await socket.apply(requests);
}

/**
 * An address that is not wanted is ours, from an earlier configuration, if it is in a prefix of a wanted one; others were put there by somebody
 * else. Removals come first: IPv6 does not take one address with two lengths.
 */
export function addressChanges(
  present: readonly InterfaceAddress[],
  wanted: readonly InterfaceAddress[],
): { add: InterfaceAddress[]; remove: InterfaceAddress[] } {
  const same = (a: InterfaceAddress) => (b: InterfaceAddress) =>
    a.length === b.length && compareAddresses(a.address, b.address) === 0;
  const prefixes = wanted.map(prefixOfInterface);
  return {
    add: wanted.filter((address) => !present.some(same(address))),
    remove: present.filter((address) =>
      !wanted.some(same(address)) &&
      prefixes.some((prefix) => prefixContains(prefix, address.address))
    ),
  };
}

async function setForwarding(ipv6: boolean, socket: NetlinkSocket): Promise<void> {
  // ip_forward is written only when it is 0, because writing it resets the settings of every link (RFC 1122/1812 defaults).
  ensureSysctl("net/ipv4/ip_forward", "1");
  if (!ipv6 || readSysctl("net/ipv6/conf/all/forwarding") === "1") return;
  // A router does not listen to router advertisements, unless accept_ra is 2: an uplink that has its default route from one would lose it.
  const [links, routes] = [await listLinks(socket), await listDefaultRoutes(socket)];
  for (const name of linksRoutedByAdvertisement(links, routes)) {
    const key = `net/ipv6/conf/${name}/accept_ra`;
    if (readSysctl(key) === "1") ensureSysctl(key, "2");
  }
  ensureSysctl("net/ipv6/conf/all/forwarding", "1");
}

export function linksRoutedByAdvertisement(
  links: readonly Pick<Link, "index" | "name">[],
  routes: readonly DefaultRoute[],
): string[] {
  const indexes = new Set(
    routes.filter((it) => it.family === 6 && it.protocol === RTPROT_RA).map((it) => it.linkIndex),
  );
  return links.filter(({ index }) => indexes.has(index)).map(({ name }) => name);
}

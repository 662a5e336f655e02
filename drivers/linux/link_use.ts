/**
 * What the host itself uses links for, before they are taken for something else.
 * @module
 */
import type { LinkUse } from "../../mod/agent/kernel.ts";
import { type AssignedAddress, formatInterfaceAddress, listAddresses } from "./address.ts";
import { type Link, listLinks } from "./link.ts";
import type { NetlinkSocket } from "./netlink/socket.ts";

export async function linkUses(
  names: readonly string[],
  socket: NetlinkSocket,
): Promise<readonly LinkUse[]> {
  const [links, addresses] = [await listLinks(socket), await listAddresses(socket)];
  return names.map((name) => links.find((link) => link.name === name))
    .filter((link) => link !== undefined)
    .map((link) => useOf(link, links, addresses));
}

function useOf(
  { index, name, up, mtu, masterIndex }: Link,
  links: readonly Link[],
  addresses: readonly AssignedAddress[],
): LinkUse {
  const master = links.find((link) => link.index === masterIndex)?.name;
  return {
    ...{ name, up, mtu },
    addresses: addresses.filter((it) => it.linkIndex === index && it.global)
      .map(formatInterfaceAddress),
    ...(master === undefined ? {} : { master }),
  };
}

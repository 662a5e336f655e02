/**
 * Links over rtnetlink: requests that read and change them, and what the kernel says about them.
 * @module
 */
import { KernelError, type LinkState } from "../../mod/agent/kernel.ts";
import { errnoOf, kernelError } from "./errno.ts";
import {
  AF_UNSPEC,
  IFF_PROMISC,
  IFF_UP,
  IFLA_ADDRESS,
  IFLA_GROUP,
  IFLA_IFALIAS,
  IFLA_IFNAME,
  IFLA_INFO_KIND,
  IFLA_LINK,
  IFLA_LINK_NETNSID,
  IFLA_LINKINFO,
  IFLA_MASTER,
  IFLA_MTU,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_SETLINK,
} from "./netlink/constants.ts";
import { attributes, textOf, u32Of, viewOf } from "./netlink/decode.ts";
import { littleEndian32, type MessageBuilder } from "./netlink/message.ts";
import type { NetlinkSocket, Request } from "./netlink/socket.ts";

const IFINFOMSG_BYTES = 16;

/** A link with what tells veth ends apart. */
export interface Link extends LinkState {
  readonly group: number;
  /** Index of the bridge or bond that it is a member of. */
  readonly masterIndex?: number;
  /** Index of the veth's other end, in that one's namespace. */
  readonly peerIndex?: number;
  /** The other end is in another namespace. */
  readonly peerElsewhere: boolean;
}

/** Flags of a link to set or clear; absent: left as they are. */
export interface LinkFlags {
  readonly up?: boolean;
  readonly promiscuous?: boolean;
}

/** struct ifinfomsg: family, type, index, flags and which of these are to change. */
export function linkHeader(
  message: MessageBuilder,
  index = 0,
  { up, promiscuous }: LinkFlags = {},
): MessageBuilder {
  const flags = (up ? IFF_UP : 0) | (promiscuous ? IFF_PROMISC : 0);
  const change = (up === undefined ? 0 : IFF_UP) | (promiscuous === undefined ? 0 : IFF_PROMISC);
  return message.raw([
    ...[AF_UNSPEC, 0, 0, 0],
    ...littleEndian32(index),
    ...littleEndian32(flags),
    ...littleEndian32(change),
  ]);
}

/** Payload of RTM_NEWLINK or RTM_DELLINK; undefined when it is of another family (e.g. a bridge's view of its port) or malformed. */
export function decodeLink(payload: Uint8Array): Link | undefined {
  if (payload.length < IFINFOMSG_BYTES || payload[0] !== AF_UNSPEC) return undefined;
  const view = viewOf(payload);
  const found = attributes(payload, IFINFOMSG_BYTES);
  const name = textOf(found.get(IFLA_IFNAME));
  if (!name) return undefined;
  const linkInfo = found.get(IFLA_LINKINFO);
  const alias = textOf(found.get(IFLA_IFALIAS));
  const mac = macText(found.get(IFLA_ADDRESS));
  const kind = linkInfo && textOf(attributes(linkInfo).get(IFLA_INFO_KIND));
  const peerIndex = u32Of(found.get(IFLA_LINK));
  const masterIndex = u32Of(found.get(IFLA_MASTER));
  return {
    index: view.getInt32(4, true),
    name,
    mtu: u32Of(found.get(IFLA_MTU)) ?? 0,
    up: (view.getUint32(8, true) & IFF_UP) !== 0,
    group: u32Of(found.get(IFLA_GROUP)) ?? 0,
    peerElsewhere: found.has(IFLA_LINK_NETNSID),
    ...(alias ? { alias } : {}),
    ...(mac ? { mac } : {}),
    ...(kind ? { kind } : {}),
    ...(peerIndex ? { peerIndex } : {}),
    ...(masterIndex ? { masterIndex } : {}),
  };
}

function macText(bytes: Uint8Array | undefined): string | undefined {
  if (bytes?.length !== 6) return undefined;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** All links of the socket's namespace. */
export async function listLinks(socket: NetlinkSocket): Promise<Link[]> {
  const payloads = await socket.dump({
    attempted: "list links",
    type: RTM_GETLINK,
    fill: (message) => linkHeader(message),
  });
  return payloads.map(decodeLink).filter((link) => link !== undefined);
}

/** One link by name or index; undefined when there is none. */
export async function findLink(
  socket: NetlinkSocket,
  which: string | number,
): Promise<Link | undefined> {
  const attempted = `look up link ${which}`;
  const [answer] = await socket.exchange([{
    attempted,
    type: RTM_GETLINK,
    fill: (message) => {
      linkHeader(message, typeof which === "number" ? which : 0);
      if (typeof which === "string") message.text(IFLA_IFNAME, which);
    },
  }]);
  if (!answer) throw new KernelError("failed", `cannot ${attempted}: no answer`);
  if (answer.errno === errnoOf("ENODEV")) return undefined;
  if (answer.errno) throw kernelError(answer.errno, attempted, answer.text);
  return answer.replies.map(decodeLink).find((link) => link !== undefined);
}

/** What may be changed of a link that exists. Absent: left as it is. */
export interface LinkChange extends LinkFlags {
  readonly name?: string;
  readonly alias?: string;
  readonly mac?: readonly number[];
  readonly mtu?: number;
  readonly group?: number;
  readonly attributes?: (message: MessageBuilder) => void;
}

/** Changes the link of `index`; `name` is for the error's text. The kernel sets the alias before it brings the link up. */
export function changeLink(index: number, name: string, change: LinkChange): Request {
  return {
    attempted: `change link ${name}`,
    type: RTM_SETLINK,
    fill: (message) => {
      linkHeader(message, index, change);
      if (change.mac) message.attribute(IFLA_ADDRESS, change.mac);
      if (change.mtu !== undefined) message.u32(IFLA_MTU, change.mtu);
      if (change.group !== undefined) message.u32(IFLA_GROUP, change.group);
      if (change.name !== undefined) message.text(IFLA_IFNAME, change.name);
      // Without the NUL: the kernel keeps an alias by its length.
      if (change.alias !== undefined) {
        message.attribute(IFLA_IFALIAS, new TextEncoder().encode(change.alias));
      }
      change.attributes?.(message);
    },
  };
}

/** By index, so that a namesake made since is not hit. */
export function deleteLink(index: number, name: string): Request {
  return {
    attempted: `delete link ${name}`,
    type: RTM_DELLINK,
    fill: (message) => linkHeader(message, index),
    tolerate: [errnoOf("ENODEV")],
  };
}

/** Every link of the group, at the price of one RCU grace period (~20 ms) instead of one each. */
export function deleteLinkGroup(group: number): Request {
  return {
    attempted: `delete links of group ${group}`,
    type: RTM_DELLINK,
    fill: (message) => linkHeader(message).u32(IFLA_GROUP, group),
    tolerate: [errnoOf("ENODEV")],
  };
}

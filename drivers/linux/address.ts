/**
 * Addresses of links over rtnetlink, written `address/length` with the host bits kept.
 * @module
 */
import { KernelError } from "../../mod/agent/kernel.ts";
import {
  type Address,
  addressBits,
  formatAddress,
  parseAddress,
  toBytes,
} from "../../mod/net/address.ts";
import { type Prefix, prefixOf } from "../../mod/net/prefix.ts";
import { errnoOf } from "./errno.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  IFA_ADDRESS,
  IFA_F_NODAD,
  IFA_LOCAL,
  NLM_F_CREATE,
  NLM_F_EXCL,
  RT_SCOPE_UNIVERSE,
  RTM_DELADDR,
  RTM_GETADDR,
  RTM_NEWADDR,
} from "./netlink/constants.ts";
import { attributes, viewOf } from "./netlink/decode.ts";
import { littleEndian32, type MessageBuilder } from "./netlink/message.ts";
import type { NetlinkSocket, Request } from "./netlink/socket.ts";

const IFADDRMSG_BYTES = 8;

/** An address of an interface and the length of its on-link prefix. */
export interface InterfaceAddress {
  readonly address: Address;
  readonly length: number;
}

export interface AssignedAddress extends InterfaceAddress {
  readonly linkIndex: number;
  /** Not limited to the link or the host. */
  readonly global: boolean;
}

/** Throws KernelError "invalid". */
export function parseInterfaceAddress(text: string): InterfaceAddress {
  const [left = "", right = "", ...rest] = text.split("/");
  const address = parseAddress(left);
  const length = /^\d{1,3}$/.test(right) ? Number(right) : Infinity;
  if (address && rest.length === 0 && length <= addressBits(address.family)) {
    return { address, length };
  }
  throw new KernelError(
    "invalid",
    `${
      JSON.stringify(text)
    } is not an interface address: address/length is needed, e.g. 10.1.2.3/24`,
  );
}

export function formatInterfaceAddress({ address, length }: InterfaceAddress): string {
  return `${formatAddress(address)}/${length}`;
}

/** The on-link prefix. */
export function prefixOfInterface({ address, length }: InterfaceAddress): Prefix {
  return prefixOf(address, length);
}

/** Index of the link that RTM_NEWADDR or RTM_DELADDR is about; undefined when malformed. */
export function linkOfAddress(payload: Uint8Array): number | undefined {
  return payload.length < IFADDRMSG_BYTES ? undefined : viewOf(payload).getUint32(4, true);
}

/** Adds the address; one that is there already is fine. */
export function addAddress(index: number, name: string, address: InterfaceAddress): Request {
  return {
    attempted: `add address ${formatInterfaceAddress(address)} to ${name}`,
    type: RTM_NEWADDR,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    fill: (message) => fillAddress(message, index, address),
    tolerate: [errnoOf("EEXIST")],
  };
}

export function removeAddress(index: number, name: string, address: InterfaceAddress): Request {
  return {
    attempted: `remove address ${formatInterfaceAddress(address)} from ${name}`,
    type: RTM_DELADDR,
    fill: (message) => fillAddress(message, index, address),
    tolerate: [errnoOf("EADDRNOTAVAIL"), errnoOf("ENODEV")],
  };
}

/**
 * Without duplicate address detection: every address is allocated by us, and an endpoint must not wait a second before it may use its own
 * (RFC 4862 §5.4).
 */
function fillAddress(
  message: MessageBuilder,
  index: number,
  { address, length }: InterfaceAddress,
): void {
  const [family, flags] = address.family === 4 ? [AF_INET, 0] : [AF_INET6, IFA_F_NODAD];
  const bytes = toBytes(address);
  message.raw([family, length, flags, RT_SCOPE_UNIVERSE, ...littleEndian32(index)]);
  message.attribute(IFA_LOCAL, bytes).attribute(IFA_ADDRESS, bytes);
}

/** All addresses of both families in the socket's namespace. */
export async function listAddresses(socket: NetlinkSocket): Promise<AssignedAddress[]> {
  const payloads = await socket.dump({
    attempted: "list addresses",
    type: RTM_GETADDR,
    fill: (message) => message.raw([AF_UNSPEC, 0, 0, 0, ...littleEndian32(0)]),
  });
  return payloads.map(decodeAddress).filter((address) => address !== undefined);
}

/** Payload of RTM_NEWADDR; undefined for other families or malformed bytes. */
export function decodeAddress(payload: Uint8Array): AssignedAddress | undefined {
  if (payload.length < IFADDRMSG_BYTES) return undefined;
  const found = attributes(payload, IFADDRMSG_BYTES);
  const address = addressOf(payload[0], found.get(IFA_LOCAL) ?? found.get(IFA_ADDRESS));
  if (!address) return undefined;
  return {
    address,
    length: payload[1] ?? 0,
    global: payload[3] === RT_SCOPE_UNIVERSE,
    linkIndex: viewOf(payload).getUint32(4, true),
  };
}

/** Network-order bytes of a kernel address family as an address. */
export function addressOf(
  kernelFamily: number | undefined,
  bytes: Uint8Array | undefined,
): Address | undefined {
  const family = kernelFamily === AF_INET ? 4 : kernelFamily === AF_INET6 ? 6 : undefined;
  if (!family || bytes?.length !== addressBits(family) / 8) return undefined;
  return { family, value: bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n) };
}

/**
 * Ethernet frames by which a switch and neighbours learn where an address is: an ARP announcement, and its like for IPv6. Untagged. Pure.
 * @module
 */
import { parseAddress, toBytes } from "./address.ts";

type Frame = Uint8Array<ArrayBuffer>;

const BROADCAST = [255, 255, 255, 255, 255, 255];
/** Of ff02::1, all nodes (RFC 2464, section 7). */
const ALL_NODES_MAC = [0x33, 0x33, 0, 0, 0, 1];
const ALL_NODES = "ff02::1";
/** Without padding, which the sending device adds (RFC 894: the payload has at least 46 bytes). */
const SHORTEST = 60;
const ICMPV6 = 58;

/**
 * ARP request for the sender's own address, to all (RFC 5227, section 2.3; the packet as in RFC 826). Throws RangeError for what is no MAC
 * or no IPv4 address.
 */
export function arpAnnouncement(mac: string, address: string): Frame {
  const sender = macBytes(mac);
  const own = addressBytes(address, 4);
  return padded([
    ...[...BROADCAST, ...sender, 0x08, 0x06],
    // Ethernet, IPv4, lengths of both addresses, request
    ...[0, 1, 0x08, 0, 6, 4, 0, 1],
    ...[...sender, ...own, 0, 0, 0, 0, 0, 0, ...own],
  ]);
}

/**
 * Unsolicited neighbour advertisement with the override flag, to all nodes (RFC 4861, sections 4.4 and 7.2.6). Throws RangeError for what is
 * no MAC or no IPv6 address.
 */
export function neighbourAnnouncement(mac: string, address: string): Frame {
  const sender = macBytes(mac);
  const own = addressBytes(address, 6);
  const all = addressBytes(ALL_NODES, 6);
  const message = (checksum: number) => [
    ...[136, 0, checksum >> 8, checksum & 255, 0x20, 0, 0, 0],
    ...own,
    // Target link-layer address, 1 × 8 bytes
    ...[2, 1, ...sender],
  ];
  const { length } = message(0);
  const checksum = internetChecksum([
    ...own,
    ...all,
    0,
    0,
    0,
    length,
    0,
    0,
    0,
    ICMPV6,
    ...message(0),
  ]);
  return padded([
    ...[...ALL_NODES_MAC, ...sender, 0x86, 0xdd],
    // Version 6; hop limit 255, which proves that no router passed it on
    ...[0x60, 0, 0, 0, 0, length, ICMPV6, 255],
    ...own,
    ...all,
    ...message(checksum),
  ]);
}

/** RFC 1071, over an even number of bytes; over a message that holds its checksum it is 0. */
export function internetChecksum(bytes: readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function padded(bytes: readonly number[]): Frame {
  const frame = new Uint8Array(Math.max(bytes.length, SHORTEST));
  frame.set(bytes);
  return frame;
}

function macBytes(mac: string): number[] {
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac)) throw new RangeError(`${mac} is not a MAC`);
  return mac.split(":").map((byte) => parseInt(byte, 16));
}

function addressBytes(text: string, family: 4 | 6): number[] {
  const address = parseAddress(text);
  if (address?.family !== family) throw new RangeError(`${text} is not an IPv${family} address`);
  return [...toBytes(address)];
}

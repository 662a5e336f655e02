/**
 * IP addresses as (family, integer) pairs: parsing, canonical text, order.
 * Text parsing and formatting are ipaddr.js's; arithmetic is on bigint, so both families share it.
 * @module
 */
import ipaddr from "ipaddr.js";

export type Family = 4 | 6;

/** An address without a prefix length. Equal addresses have equal `family` and `value`. */
export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

/** Number of bits in an address of `family`: 32 or 128. */
export function addressBits(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** Parses strict dotted-quad IPv4 (no leading zeros) or RFC 4291 IPv6 without a zone; undefined when it is neither. */
export function parseAddress(text: string): Address | undefined {
  // The library finds out that a text is no address by throwing and catching an error, 0.1 ms: it is asked only for what may be one.
  if (text.includes(":")) {
    if (text.includes("%") || !ipaddr.IPv6.isValid(text)) return undefined;
    return fromBytes(6, ipaddr.IPv6.parse(text).toByteArray());
  }
  if (!/^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(text)) return undefined;
  return ipaddr.IPv4.isValid(text)
    ? fromBytes(4, ipaddr.IPv4.parse(text).toByteArray())
    : undefined;
}

/** Canonical text: dotted quad, or RFC 5952 IPv6. */
export function formatAddress(address: Address): string {
  const bytes = toBytes(address);
  return address.family === 4 ? bytes.join(".") : new ipaddr.IPv6(bytes).toRFC5952String();
}

/** Network-order bytes: 4 or 16 of them. */
export function toBytes({ family, value }: Address): number[] {
  const bytes = new Array<number>(addressBits(family) / 8);
  for (let i = bytes.length - 1; i >= 0; i--, value >>= 8n) bytes[i] = Number(value & 0xffn);
  return bytes;
}

/** -1, 0 or 1; IPv4 sorts before IPv6. */
export function compareAddresses(a: Address, b: Address): number {
  if (a.family !== b.family) return a.family - b.family;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

/** The address `offset` after `address` (before it when negative). The caller keeps it within the family's range. */
export function addToAddress(address: Address, offset: bigint | number): Address {
  return { family: address.family, value: address.value + BigInt(offset) };
}

function fromBytes(family: Family, bytes: readonly number[]): Address {
  return { family, value: bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n) };
}

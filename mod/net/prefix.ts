/**
 * CIDR prefixes and inclusive address ranges, both families.
 * @module
 */
import {
  type Address,
  addressBits,
  compareAddresses,
  formatAddress,
  parseAddress,
} from "./address.ts";

/** `address` is masked: its host bits are zero. */
export interface Prefix {
  readonly address: Address;
  readonly length: number;
}

/** Inclusive at both ends, one family. */
export interface Range {
  readonly first: Address;
  readonly last: Address;
}

/** Parses `address/length`; host bits are cleared. Undefined when malformed. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf("/");
  const address = parseAddress(text.slice(0, Math.max(slash, 0)));
  const digits = text.slice(slash + 1);
  if (!address || !/^\d{1,3}$/.test(digits)) return undefined;
  const length = Number(digits);
  return length > addressBits(address.family) ? undefined : prefixOf(address, length);
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.address)}/${prefix.length}`;
}

/** The prefix of `length` bits that holds `address`. */
export function prefixOf(address: Address, length: number): Prefix {
  const hostBits = BigInt(addressBits(address.family) - length);
  return {
    address: { family: address.family, value: (address.value >> hostBits) << hostBits },
    length,
  };
}

/** All addresses of the prefix, network and broadcast address included. */
export function prefixRange(prefix: Prefix): Range {
  const { family, value } = prefix.address;
  const size = 1n << BigInt(addressBits(family) - prefix.length);
  return { first: prefix.address, last: { family, value: value + size - 1n } };
}

export function prefixContains(prefix: Prefix, address: Address): boolean {
  return rangeContains(prefixRange(prefix), address);
}

export function rangeContains(range: Range, address: Address): boolean {
  return range.first.family === address.family &&
    compareAddresses(range.first, address) <= 0 && compareAddresses(address, range.last) <= 0;
}

export function rangesOverlap(a: Range, b: Range): boolean {
  return a.first.family === b.first.family &&
    compareAddresses(a.first, b.last) <= 0 && compareAddresses(b.first, a.last) <= 0;
}

/** Dotted-quad netmask, e.g. 24 → 255.255.255.0. */
export function netmask(length: number): string {
  const value = ((1n << 32n) - 1n) ^ ((1n << BigInt(32 - length)) - 1n);
  return formatAddress({ family: 4, value });
}

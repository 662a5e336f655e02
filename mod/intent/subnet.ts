/**
 * A network's subnets, checked in the original's words.
 * @module
 */
import { type Address, compareAddresses, formatAddress, parseAddress } from "../net/address.ts";
import {
  formatPrefix,
  parsePrefix,
  type Prefix,
  prefixContains,
  prefixOf,
  prefixRange,
  type Range,
} from "../net/prefix.ts";
import { IntentError } from "./error.ts";

/** `first[-last]/length`: the subnet, and the part of it that is handed out (all of it when there is no range). */
export interface Subnet {
  readonly prefix: Prefix;
  readonly range: Range;
}

/** Undefined when malformed. The range is not checked yet: a reversed one is kept as it is. */
export function parseSubnet(text: string): Subnet | undefined {
  const [addresses = "", length = ""] = text.split("/");
  const [from = "", to] = addresses.split("-");
  const first = parseAddress(from);
  const last = to === undefined ? first : parseAddress(to);
  if (first?.family !== 4 || last?.family !== 4 || length === "") return undefined;
  const prefix = prefixOf(first, Number(length));
  return { prefix, range: to === undefined ? prefixRange(prefix) : { first, last } };
}

/** Throws unless the range is in order and within its subnet, and the length is one that is supported. */
export function checkSubnet({ prefix, range }: Subnet): void {
  const ordered = compareAddresses(range.first, range.last) <= 0;
  if (!ordered || !prefixContains(prefix, range.last)) {
    throw new IntentError("invalid", "Network subnet format not valid");
  }
  if (prefix.length < 8) {
    throw new IntentError(
      "invalid",
      `subnet length ${prefix.length} not supported`,
      "choose a length from 8 to 31",
    );
  }
}

/** Throws unless `address` (text, may be empty) is within the subnet. */
export function checkWithin(prefix: Prefix, address: string): void {
  const parsed = parseAddress(address);
  if (address === "" || (parsed && prefixContains(prefix, parsed))) return;
  throw outside(prefix, address, parsed);
}

/** The original's text, with its unsigned arithmetic. */
export function outside(prefix: Prefix, text: string, address: Address | undefined): IntentError {
  const distance = address ? address.value - prefix.address.value : 0n;
  const hostId = prefix.address.family === 4 ? BigInt.asUintN(32, distance) : distance;
  const shown = address ? formatAddress(address) : text;
  return new IntentError(
    "invalid",
    `hostIP ${shown} is exceeding beyond subnet ${formatPrefix(prefix)}, hostID ${hostId}`,
    `choose an address within ${formatPrefix(prefix)}`,
  );
}

/** The IPv6 subnet of a request; undefined when it has none. */
export function parseSubnet6(subnet: string, gateway: string): Prefix | undefined {
  const prefix = parsePrefix(subnet);
  if (!prefix && gateway) {
    throw new IntentError("invalid", "ipv6Gateway needs an ipv6Subnet", "give ipv6Subnet as well");
  }
  if (prefix) checkWithin(prefix, gateway);
  return prefix;
}

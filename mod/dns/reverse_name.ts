/**
 * Names that stand for addresses: `4.3.2.1.in-addr.arpa` (RFC 1035, section 3.5) and 32 nibbles under `ip6.arpa` (RFC 3596, section 2.5).
 * @module
 */
import { formatAddress, parseAddress } from "../net/address.ts";

/** The address in canonical text, or undefined for any other name, also for a part of an address. */
export function addressOfReverseName(name: string): string | undefined {
  const text = ipv4(name) ?? ipv6(name);
  const address = text === undefined ? undefined : parseAddress(text);
  return address && formatAddress(address);
}

function ipv4(name: string): string | undefined {
  const octets = /^((?:\d{1,3}\.){4})in-addr\.arpa$/.exec(name)?.[1];
  return octets?.slice(0, -1).split(".").reverse().join(".");
}

function ipv6(name: string): string | undefined {
  const nibbles = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name)?.[1];
  return nibbles?.slice(0, -1).split(".").reverse().join("").replace(/(.{4})(?=.)/g, "$1:");
}

/**
 * The host-private subnet: how the host and its containers reach each other, whatever the containers' own addresses are.
 * Every endpoint has one private address a family, made from its port number; they exist only in flows and on contivh0,
 * mean something on this host alone, and never leave it.
 * @module
 */
import { type Address, addToAddress, formatAddress, parseAddress } from "../net/address.ts";
import { parsePrefix, type Prefix } from "../net/prefix.ts";

/** Name of the host's own port on the integration bridge, as the original had it. */
export const HOST_PORT_NAME = "contivh0";

/** OpenFlow port of contivh0: above every endpoint's (1–60000), below OFPP_MAX of OpenFlow 1.0 (0xff00). */
export const HOST_PORT_NUMBER = 65000;

/** The number that contivh0's addresses are made from, as the original's: 172.19.255.254. */
const HOST_PORT_ORDINAL = 0xfffe;

export interface PrivateSubnet {
  readonly prefix: string;
  readonly prefix6: string;
  /** Of contivh0. */
  readonly address: string;
  readonly address6: string;
  readonly mac: string;
}

/** Parses `172.19.0.0/16`; undefined unless it is an IPv4 prefix of length 16. */
export function privateSubnet(text: string): PrivateSubnet | undefined {
  const prefix = parsePrefix(text);
  if (!prefix || prefix.address.family !== 4 || prefix.length !== 16) return undefined;
  return {
    prefix: `${formatAddress(prefix.address)}/16`,
    prefix6: `${formatAddress(base6(prefix))}/64`,
    address: formatAddress(addToAddress(prefix.address, HOST_PORT_ORDINAL)),
    address6: formatAddress(addToAddress(base6(prefix), HOST_PORT_ORDINAL)),
    mac: hostMac(prefix),
  };
}

/** The private addresses of the endpoint with port number `port`, e.g. 7 → 172.19.0.7 and fdc0:171f:ac13::7. */
export function privateAddresses(
  subnet: PrivateSubnet,
  port: number,
): { address: string; address6: string } {
  const prefix = parsePrefix(subnet.prefix);
  const prefix6 = parsePrefix(subnet.prefix6);
  if (!prefix || !prefix6) throw new RangeError(`not a private subnet: ${subnet.prefix}`);
  return {
    address: formatAddress(addToAddress(prefix.address, port)),
    address6: formatAddress(addToAddress(prefix6.address, port)),
  };
}

/** The port number whose endpoint has this private address; undefined for any other address, contivh0's own included. */
export function portOfPrivateAddress(subnet: PrivateSubnet, text: string): number | undefined {
  const address = parseAddress(text);
  const prefix = parsePrefix(address?.family === 6 ? subnet.prefix6 : subnet.prefix);
  if (!address || !prefix) return undefined;
  const number = address.value - prefix.address.value;
  return number > 0n && number < HOST_PORT_ORDINAL ? Number(number) : undefined;
}

/** A unique local prefix (RFC 4193) that carries the IPv4 prefix's two bytes, so that two private subnets never share one. */
function base6(prefix: Prefix): Address {
  const upper = prefix.address.value >> 16n;
  return { family: 6, value: (0xfdc0171fn << 96n) | (upper << 80n) };
}

/** `02:02:` and the four bytes of contivh0's IPv4 address: 02:02:ac:13:ff:fe for 172.19.0.0/16. */
function hostMac(prefix: Prefix): string {
  const value = addToAddress(prefix.address, HOST_PORT_ORDINAL).value;
  const bytes = [24n, 16n, 8n, 0n].map((shift) => Number((value >> shift) & 0xffn));
  return [2, 2, ...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/**
 * MAC addresses: parsing, and those that Contiv derives from IPv4 addresses.
 * @module
 */
import { type Address, toBytes } from "./address.ts";

/** The MAC that every container sees as its gateway's, on every host, as the original had it. */
export const ROUTER_MAC = "00:00:11:11:11:11";

/** Lower-case colon form, or undefined. Multicast and all-zero addresses are not usable by an endpoint and are refused. */
export function parseMac(text: string): string | undefined {
  const mac = text.toLowerCase().replaceAll("-", ":");
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac)) return undefined;
  const first = parseInt(mac.slice(0, 2), 16);
  return (first & 1) === 1 || mac === "00:00:00:00:00:00" ? undefined : mac;
}

/** `02:02:` followed by the four IPv4 bytes: the original's MAC of an endpoint. */
export function macOfIPv4(address: Address): string {
  return [2, 2, ...toBytes(address)].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

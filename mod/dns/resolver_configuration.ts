/**
 * The host's own resolvers, from resolv.conf(5).
 * @module
 */
import { formatAddress, parseAddress } from "../net/address.ts";

/** glibc uses three; more are more chances, not more load: one is asked at a time. */
const MOST_SERVERS = 8;

/** Addresses of `nameserver` lines in order, canonical, each once; those in `own` left out, or a question would come back to us. */
export function nameServers(text: string, own: ReadonlySet<string>): string[] {
  const servers = new Set<string>();
  for (const line of text.split("\n")) {
    const word = /^\s*nameserver\s+([^\s#;]+)/.exec(line)?.[1];
    const address = word === undefined ? undefined : parseAddress(word.replace(/%.*$/, ""));
    // A zone (fe80::1%eth0) would be lost, and without it the address means nothing.
    if (!address || word?.includes("%")) continue;
    const server = formatAddress(address);
    if (!own.has(server)) servers.add(server);
  }
  return [...servers].slice(0, MOST_SERVERS);
}

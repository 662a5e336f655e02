/**
 * The host-private subnet against the addresses and routes that the host has: an overlap makes one of the two unreachable.
 * @module
 */
import {
  formatPrefix,
  parsePrefix,
  type Prefix,
  prefixRange,
  rangesOverlap,
} from "../../../mod/net/prefix.ts";
import type { Facts } from "../facts.ts";
import { fail, type Finding, ok } from "../finding.ts";

/** Ours: it carries the private subnet. */
const HOST_LINK = "contivh0";

export function checkAddresses(
  facts: Pick<Facts, "settings" | "addresses" | "routes">,
): Finding[] {
  const what = "private subnet";
  const subnet = parsePrefix(facts.settings.privateSubnet);
  const mend =
    "contiv ctl global set --private-subnet=172.31.0.0/16   # or another free /16; while there is no network";
  if (!subnet) return [fail(what, `${facts.settings.privateSubnet} is not a prefix`, mend)];
  const taken = [
    ...facts.addresses.map(({ link, address, length }) => ({ link, text: `${address}/${length}` })),
    ...facts.routes.map(({ link, prefix }) => ({ link, text: prefix })),
  ].filter(({ link, text }) => link !== HOST_LINK && overlaps(subnet, text));
  const clashes = [...new Set(taken.map(({ link, text }) => `${text} on ${link}`))];
  return clashes.length
    ? [fail(what, `${formatPrefix(subnet)} overlaps ${clashes.join(", ")}`, mend)]
    : [ok(what, `${formatPrefix(subnet)} overlaps nothing on this host`)];
}

/** A default route overlaps everything, and harms nothing: the more specific one wins. */
function overlaps(subnet: Prefix, text: string): boolean {
  const other = parsePrefix(text);
  return other !== undefined && other.length > 0 &&
    rangesOverlap(prefixRange(subnet), prefixRange(other));
}

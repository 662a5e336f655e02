/**
 * CIDR texts as Docker's calls carry them.
 * @module
 */
import { IntentError } from "../intent/error.ts";
import { formatAddress, parseAddress } from "../net/address.ts";
import { parsePrefix, type Prefix } from "../net/prefix.ts";

/** Throws "invalid" that names `what`. */
export function parseCidr(text: string, what: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new IntentError("invalid", `${what} ${text} is not a CIDR`);
  return prefix;
}

/** `address[/length]` → the address; undefined when it is none. */
export function addressOfCidr(text: string): string | undefined {
  const address = parseAddress(text.split("/", 1)[0] ?? "");
  return address && formatAddress(address);
}

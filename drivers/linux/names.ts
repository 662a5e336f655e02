/**
 * What may be the name of a network interface, and what marks one as ours. Checked before anything reaches the kernel.
 * @module
 */
import { KernelError } from "../../mod/agent/kernel.ts";
import { parseMac } from "../../mod/net/mac.ts";

/**
 * Link group (IFLA_GROUP) of every link we make. Unlike the alias it can be given in the message that creates the link, so a link of this
 * group without an alias is one of ours whose making was cut short by a crash.
 */
export const LINK_GROUP = 0xc0417;

/** Longest ifalias, bytes (IFALIASZ - 1). */
const ALIAS_BYTES = 255;
const NAME_BYTES = 15;

const byteLength = (text: string): number => new TextEncoder().encode(text).length;

/** dev_valid_name() of net/core/dev.c, and `%`, which the kernel would take for a template. Returns `name`. */
export function checkLinkName(name: string): string {
  const valid = name !== "" && name !== "." && name !== ".." && byteLength(name) <= NAME_BYTES &&
    !/[\s/:%\0]/.test(name);
  if (valid) return name;
  throw new KernelError(
    "invalid",
    `${
      JSON.stringify(name)
    } is not an interface name: 1 to 15 bytes without space, "/", ":" or "%"`,
  );
}

export function checkAlias(alias: string): string {
  if (alias !== "" && byteLength(alias) <= ALIAS_BYTES && !/[\0\n]/.test(alias)) return alias;
  throw new KernelError("invalid", `${JSON.stringify(alias)} is not a link alias: 1 to 255 bytes`);
}

/** Six bytes of a unicast MAC address. */
export function macBytes(mac: string): number[] {
  const parsed = parseMac(mac);
  if (!parsed) {
    throw new KernelError("invalid", `${JSON.stringify(mac)} is not a unicast MAC address`);
  }
  return parsed.split(":").map((byte) => parseInt(byte, 16));
}

/** IPv4 needs 68 bytes (RFC 791), IPv6 1280 (RFC 8200); veth takes at most 65535. */
export function checkMtu(mtu: number): number {
  if (Number.isInteger(mtu) && mtu >= 68 && mtu <= 65535) return mtu;
  throw new KernelError("invalid", `${mtu} is not an MTU: an integer from 68 to 65535 is needed`);
}

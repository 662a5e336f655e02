/**
 * An interface's link-local IPv6 address: the one that it makes of its MAC (RFC 4291, appendix A). Linux does so unless told otherwise.
 * @module
 */
import { formatAddress } from "../net/address.ts";

/** `02:02:0a:01:01:01` → `fe80::2:aff:fe01:101`. */
export function linkLocalAddress(mac: string): string {
  const [a = 0n, b = 0n, c = 0n, d = 0n, e = 0n, f = 0n] = mac.split(":")
    .map((byte) => BigInt(`0x${byte}`));
  const identifier = [a ^ 2n, b, c, 0xffn, 0xfen, d, e, f]
    .reduce((sum, byte) => (sum << 8n) | byte, 0n);
  return formatAddress({ family: 6, value: (0xfe80n << 112n) | identifier });
}

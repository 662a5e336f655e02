/**
 * The grammars that fields share, as regular expressions: anchored, linear in time, and also published as `pattern` in OpenAPI.
 * @module
 */

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
/** Dotted quad, each 0–255 without leading zeros. */
const IPV4 = `${OCTET}(?:\\.${OCTET}){3}`;
/** 1–31: a /32 has no room for a container. */
const LENGTH = "(?:[1-9]|[12]\\d|3[01])";

const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);

/** Labels separated by `.`, each alphanumeric with inner `-`. No `_ : / |` or space, as keys are joined by `:` and `/`. */
export const NAME: RegExp = whole(`${LABEL}(?:\\.${LABEL})*`);
export const NAME_OR_EMPTY: RegExp = whole(`(?:${LABEL}(?:\\.${LABEL})*)?`);
export const IPV4_OR_EMPTY: RegExp = whole(`(?:${IPV4})?`);
/** `first[-last]/length` */
export const IPV4_SUBNET: RegExp = whole(`${IPV4}(?:-${IPV4})?/${LENGTH}`);
/** `first[-last]`, or empty. */
export const IPV4_POOL_OR_EMPTY: RegExp = whole(`(?:${IPV4}(?:-${IPV4})?)?`);
/** Hex groups with `::`; no embedded IPv4, no zone. What this lets through is parsed as well. */
const IPV6 = "[0-9a-fA-F:]*:[0-9a-fA-F:]*";
export const IPV6_OR_EMPTY: RegExp = whole(`(?:${IPV6})?`);
/** Length 1–127: a /128 has no room for a container. */
export const IPV6_SUBNET_OR_EMPTY: RegExp = whole(
  `(?:${IPV6}/(?:[1-9]|[1-9]\\d|1[01]\\d|12[0-7]))?`,
);
export const PRIVATE_SUBNET: RegExp = whole(`${IPV4}/16`);
export const VLAN_RANGE: RegExp = whole("\\d{1,4}-\\d{1,4}");
export const VXLAN_RANGE: RegExp = whole("\\d{1,8}-\\d{1,8}");

/** Exactly one of `values`. */
export const oneOf = (...values: readonly string[]): RegExp => whole(values.join("|"));

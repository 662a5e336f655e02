/**
 * Addresses of the wire between the hosts of a lab.
 * @module
 */

/** The wire: RFC 2544's benchmark range and a part of RFC 3849's documentation prefix, which no network of a test should use. */
export const WIRE = { prefix: "198.18.0.", length: 24, prefix6: "2001:db8:18::", length6: 64 };
export const ROUTER = `${WIRE.prefix}254`;
export const ROUTER6 = `${WIRE.prefix6}fe`;

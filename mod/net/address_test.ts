import assert from "node:assert/strict";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { addressBits, compareAddresses, formatAddress, parseAddress, toBytes } from "./address.ts";
import { macOfIPv4, parseMac } from "./mac.ts";
import {
  formatPrefix,
  netmask,
  parsePrefix,
  prefixContains,
  prefixOf,
  prefixRange,
} from "./prefix.ts";

const family = fc.constantFrom(4 as const, 6 as const);
const address = family.chain((family) =>
  fc.bigInt({ min: 0n, max: (1n << BigInt(addressBits(family))) - 1n })
    .map((value) => ({ family, value }))
);

Deno.test("addresses survive formatting and parsing, and agree with ipaddr.js", () => {
  fc.assert(fc.property(address, (it) => {
    const text = formatAddress(it);
    assert.deepEqual(parseAddress(text), it);
    assert.deepEqual(ipaddr.parse(text).toByteArray(), toBytes(it));
  }));
});

Deno.test("parseAddress refuses what is not one strict address", () => {
  for (const text of ["", "1.2.3", "01.2.3.4", "1.2.3.256", "1.2.3.4/8", "::1%eth0", "0x1.2.3.4"]) {
    assert.equal(parseAddress(text), undefined, text);
  }
});

Deno.test("prefixes contain what ipaddr.js says they match", () => {
  fc.assert(fc.property(address, address, fc.nat({ max: 128 }), (network, other, bits) => {
    const length = Math.min(bits, addressBits(network.family));
    const prefix = prefixOf(network, length);
    const text = formatPrefix(prefix);
    assert.deepEqual(parsePrefix(text), prefix);
    const parsed = ipaddr.parse(formatAddress(other));
    const matches = network.family === other.family && parsed.match(ipaddr.parseCIDR(text));
    assert.equal(prefixContains(prefix, other), matches);
    const { first, last } = prefixRange(prefix);
    assert.ok(compareAddresses(first, network) <= 0 && compareAddresses(network, last) <= 0);
  }));
});

Deno.test("netmask agrees with ipaddr.js for every length", () => {
  for (let length = 0; length <= 32; length++) {
    assert.equal(netmask(length), ipaddr.IPv4.subnetMaskFromPrefixLength(length).toString());
  }
});

Deno.test("MAC addresses are normalised, and refused when no endpoint can have them", () => {
  assert.equal(parseMac("02-AB-00-00-00-01"), "02:ab:00:00:00:01");
  for (const text of ["01:00:5e:00:00:01", "00:00:00:00:00:00", "2:0:0:0:0:1", ""]) {
    assert.equal(parseMac(text), undefined, text);
  }
  assert.equal(macOfIPv4({ family: 4, value: 0x14010103n }), "02:02:14:01:01:03");
});

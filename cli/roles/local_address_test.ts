import assert from "node:assert/strict";
import { type InterfaceAddress, localAddress } from "./local_address.ts";

const v4 = (name: string, address: string): InterfaceAddress => ({ name, family: "IPv4", address });
const v6 = (name: string, address: string): InterfaceAddress => ({ name, family: "IPv6", address });

const cases: [string, InterfaceAddress[], string][] = [
  ["there are only loopback and containers' links", [
    v4("lo", "127.0.0.1"),
    v4("docker0", "172.17.0.1"),
    v4("contivh0", "172.19.255.254"),
  ], "127.0.0.1"],
  ["a bridge carries it, and Docker has one too", [
    v4("br-0123456789ab", "172.18.0.1"),
    v4("br-ex", "10.0.0.1"),
  ], "10.0.0.1"],
  ["an IPv6 address comes first", [v6("eth0", "2001:db8::1"), v4("eth0", "10.0.0.1")], "10.0.0.1"],
  ["there is only IPv6", [v6("eth0", "fe80::1"), v6("eth0", "2001:db8::1")], "2001:db8::1"],
];
for (const [when, addresses, expected] of cases) {
  Deno.test(`localAddress is ${expected} when ${when}`, () =>
    assert.equal(localAddress(addresses), expected));
}

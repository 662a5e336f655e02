import assert from "node:assert/strict";
import { checkRouting } from "./routing.ts";

const ADDRESSES = [
  { link: "eth1", address: "198.51.100.2", length: 24, mtu: 1400 },
  { link: "eth0", address: "192.0.2.2", length: 24, mtu: 1500 },
  { link: "eth0", address: "2001:db8::2", length: 64, mtu: 1500 },
  { link: "contivh0", address: "172.19.255.254", length: 16, mtu: 1350 },
];

for (
  const [why, vtepAddress, says] of [
    [
      "of the link with the VTEP address",
      "192.0.2.2",
      "1500 on eth0, which leaves containers 1450",
    ],
    ["less for an IPv6 underlay", "2001:db8::2", "1500 on eth0, which leaves containers 1430"],
    [
      "of the smallest link when none has it",
      "10.9.9.9",
      "1400 on eth1, which leaves containers 1350",
    ],
  ] as const
) {
  Deno.test(`the check of routing takes the MTU ${why}`, () => {
    const findings = checkRouting({
      addresses: ADDRESSES,
      vtepAddress,
      routes: [],
      forwarding: { ipv4: true, ipv6: true },
      iptables: { value: "iptables v1.8.9" },
    });
    assert.equal(findings.find(({ what }) => what === "MTU")?.finding, says);
  });
}

import assert from "node:assert/strict";
import { isLocalAsker } from "./local_asker.ts";

const INTERFACES = [
  { name: "lo", address: "127.0.0.1", cidr: "127.0.0.1/8" },
  { name: "eth0", address: "10.0.0.5", cidr: "10.0.0.5/24" },
  { name: "docker0", address: "172.17.0.1", cidr: "172.17.0.1/16" },
  { name: "br-1f2e", address: "fd00:1::1", cidr: "fd00:1::1/64" },
];

for (
  const [address, may] of [
    ["127.0.0.1", true],
    ["10.0.0.5", true],
    ["10.0.0.6", false],
    ["172.17.0.9", true],
    ["fd00:1::9", true],
    ["172.19.0.7", true],
    ["192.0.2.1", false],
    ["nonsense", false],
  ] as const
) {
  Deno.test(`${address} ${may ? "may" : "may not"} ask this host's name server`, () => {
    assert.equal(isLocalAsker(address, INTERFACES, ["172.19.0.0/16"]), may);
  });
}

import { strict as assert } from "node:assert";
import { formatInterfaceAddress, parseInterfaceAddress } from "./address.ts";
import { addressChanges, linksRoutedByAdvertisement } from "./host_access.ts";
import { smallestUnderlayMtu } from "./underlay.ts";

const addresses = (texts: string[]) => texts.map(parseInterfaceAddress);

const CASES: readonly [
  what: string,
  present: string[],
  wanted: string[],
  add: string[],
  remove: string[],
][] = [
  ["all is there", ["172.19.255.254/16"], ["172.19.255.254/16"], [], []],
  ["nothing is there", [], ["172.19.255.254/16"], ["172.19.255.254/16"], []],
  ["an old one of ours is there", ["172.19.0.1/16"], ["172.19.255.254/16"], ["172.19.255.254/16"], [
    "172.19.0.1/16",
  ]],
  ["its length was another", ["fd00::1/80"], ["fd00::1/64"], ["fd00::1/64"], ["fd00::1/80"]],
  ["somebody's own is there", ["10.0.0.1/8", "fe80::1/64"], ["172.19.255.254/16"], [
    "172.19.255.254/16",
  ], []],
];
for (const [what, present, wanted, add, remove] of CASES) {
  Deno.test(`host access changes only its own addresses when ${what}`, () => {
    const changes = addressChanges(addresses(present), addresses(wanted));
    assert.deepEqual(changes.add.map(formatInterfaceAddress), add);
    assert.deepEqual(changes.remove.map(formatInterfaceAddress), remove);
  });
}

Deno.test("host access keeps advertisements for links whose IPv6 default route came from one", () => {
  const links = [{ index: 1, name: "eth0" }, { index: 2, name: "eth1" }, {
    index: 3,
    name: "eth2",
  }];
  const routes = [
    { family: 6, protocol: 9, linkIndex: 1 },
    { family: 6, protocol: 3, linkIndex: 2 },
    { family: 4, protocol: 9, linkIndex: 3 },
  ] as const;
  assert.deepEqual(linksRoutedByAdvertisement(links, routes), ["eth0"]);
});

Deno.test("underlay MTU is the smallest of the host's own addressed links, 1500 when there is none", () => {
  const links = [
    "lo",
    "eth0",
    "eth1",
    "eth2",
    "contivh0",
    "vvport1",
    "vport2",
    "docker0",
    "br-0123456789ab",
    "veth3",
  ]
    .map((name, index) => ({
      name,
      index,
      mtu: name === "eth0" ? 9000 : name === "eth1" ? 1400 : 1000,
    }));
  const all = links.map(({ index, name }) => ({ linkIndex: index, global: name !== "eth2" }));
  assert.equal(smallestUnderlayMtu(links, all), 1400);
  assert.equal(smallestUnderlayMtu(links, []), 1500);
});

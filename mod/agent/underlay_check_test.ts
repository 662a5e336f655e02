import assert from "node:assert/strict";
import { vxlanOverhead } from "./host_facts.ts";
import type { Underlay } from "./kernel.ts";
import { underlayTrouble } from "./underlay_check.ts";

const cases: [string, "system" | "netdev", Underlay, RegExp | undefined][] = [
  ["the kernel tunnels through any link", "system", { link: "eth0", mtu: 1500 }, undefined],
  ["userspace has the address on its bridge", "netdev", {
    link: "br-underlay",
    kind: "tun",
    mtu: 1500,
  }, undefined],
  [
    "userspace has it on a plain link",
    "netdev",
    { link: "eth0", mtu: 1500 },
    /eth0.*ovs-vsctl add-br.*add-port br-underlay eth0/,
  ],
  ["no link has the address", "system", { mtu: 1500 }, /192\.0\.2\.1.*--vtep-ip/],
];
for (const [when, datapath, underlay, expected] of cases) {
  Deno.test(`underlayTrouble says ${expected ? "what to do" : "nothing"} when ${when}`, () => {
    const trouble = underlayTrouble({ datapath, vtepAddress: "192.0.2.1" }, underlay);
    if (expected) assert.match(trouble ?? "", expected);
    else assert.equal(trouble, undefined);
  });
}

Deno.test("vxlanOverhead is 50 over IPv4 and 70 over IPv6", () => {
  assert.deepEqual([vxlanOverhead("192.0.2.1"), vxlanOverhead("2001:db8::1")], [50, 70]);
});

import { equal } from "node:assert/strict";
import { linkLocalAddress } from "./link_local.ts";

Deno.test("linkLocalAddress flips the universal bit and puts ff:fe in the middle", () => {
  for (
    const [mac, address] of [
      ["02:02:0a:01:01:01", "fe80::2:aff:fe01:101"],
      ["00:00:5e:00:53:2a", "fe80::200:5eff:fe00:532a"],
    ] as const
  ) equal(linkLocalAddress(mac), address);
});

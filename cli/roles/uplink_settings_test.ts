import assert from "node:assert/strict";
import { OptionError } from "./option.ts";
import { PLUGIN_OPTIONS } from "./options.ts";
import { parseOptions } from "./parse_options.ts";
import { uplinkSettings } from "./uplink_settings.ts";

const BRIDGE = { netMode: "vlan", forwardMode: "bridge" } as const;
const values = (...argv: string[]) =>
  parseOptions(PLUGIN_OPTIONS, argv, () => undefined, []).values;

Deno.test("uplink settings are the links in their order, by either name of the option", () => {
  assert.equal(uplinkSettings(values(), BRIDGE), undefined);
  assert.deepEqual(uplinkSettings(values("--vlan-if=eth2"), BRIDGE), {
    links: ["eth2"],
    bondMode: "balance-tcp",
  });
  const two = values("--vlan-uplinks=eth3, eth2", "--uplink-bond=active-backup");
  assert.deepEqual(uplinkSettings(two, BRIDGE), {
    links: ["eth3", "eth2"],
    bondMode: "active-backup",
  });
});

for (
  const [argv, mode, words] of [
    ["--vlan-if=eth2", "routing", /--vlan-uplinks is only for --fwdmode=bridge/],
    ["--vlan-if=eth2,eth2", "bridge", /named twice/],
    ["--vlan-if=eth2,", "bridge", /"" is not a name/],
    ["--vlan-if=a/b", "bridge", /"a\/b" is not a name/],
    ["--vlan-if=abcdefghijklmnop", "bridge", /is not a name/],
    ["--vlan-if=a,b,c,d,e,f,g,h,i", "bridge", /at most 8/],
    ["--uplink-bond=round-robin", "bridge", /--uplink-bond="round-robin"/],
  ] as const
) {
  Deno.test(`uplink settings refuse ${argv} in ${mode} mode by name`, () => {
    assert.throws(
      () => uplinkSettings(values(argv), { netMode: "vxlan", forwardMode: mode }),
      (error) => error instanceof OptionError && words.test(error.message),
    );
  });
}

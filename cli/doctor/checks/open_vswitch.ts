/**
 * Open vSwitch: installed, running, reachable, by which datapath, with our bridge.
 * @module
 */
import type { Facts } from "../facts.ts";
import { fail, type Finding, ok, warn } from "../finding.ts";

const BRIDGE = "contiv0";
const START =
  "sudo systemctl start openvswitch-switch   # or: sudo /usr/share/openvswitch/scripts/ovs-ctl start";

export function checkOpenVswitch(facts: Pick<Facts, "switch" | "settings">): Finding[] {
  const { installed, running, bridges, kernelModule, nativeLibrary } = facts.switch;
  if ("error" in installed) {
    return [fail("Open vSwitch", installed.error, "sudo apt-get install openvswitch-switch")];
  }
  return [
    ok("Open vSwitch", `version ${installed.value} is installed`),
    "value" in running
      ? ok("ovs-vswitchd", `version ${running.value} answers`)
      : warn("ovs-vswitchd", `does not run (${running.error}); \`contiv up\` starts it`, START),
    kernelModule ? ok("datapath", "the kernel module is loaded") : warn(
      "datapath",
      "no kernel module, so packets are switched in userspace, which is slower",
      "sudo modprobe openvswitch   # when this kernel has it",
    ),
    // Both ways work alike; one is quicker.
    "value" in nativeLibrary
      ? ok("flows", `written natively, by ${nativeLibrary.value}`)
      : ok("flows", `written by ovs-ofctl: ${nativeLibrary.error}`),
    // Of a database that is down with everything else, nothing more is to be said.
    ...("error" in running && "error" in bridges
      ? []
      : [bridge(bridges, facts.settings.ovsRunDirectory)]),
  ];
}

function bridge(bridges: Facts["switch"]["bridges"], directory: string): Finding {
  if ("error" in bridges) {
    return warn("bridge", `the database in ${directory} does not answer: ${bridges.error}`, START);
  }
  return bridges.value.includes(BRIDGE)
    ? ok("bridge", `${BRIDGE} is there`)
    : ok("bridge", `no ${BRIDGE} yet; \`contiv up\` makes it`);
}

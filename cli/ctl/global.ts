/**
 * `ctl global`: info, inspect, set of the cluster's settings.
 * @module
 */
import { ALL, type CommandSpec, type Invocation, JSON_OUTPUT, TENANT } from "./command.ts";
import { compact, text } from "./listing.ts";

/** Option (as parsed), wire field. */
const settings: readonly (readonly [option: string, field: string])[] = [
  ["fabricMode", "networkInfraType"],
  ["vlanRange", "vlans"],
  ["vxlanRange", "vxlans"],
  ["fwdMode", "fwdMode"],
  ["arpMode", "arpMode"],
  ["privateSubnet", "pvtSubnet"],
];

export const globalCommands: readonly CommandSpec[] = [
  {
    name: "info",
    description: "Show the cluster's settings",
    options: [
      { ...TENANT, description: "Accepted and ignored, as in netctl" },
      { ...ALL, description: "Accepted and ignored, as in netctl" },
      JSON_OUTPUT,
    ],
    run: info,
  },
  {
    name: "inspect",
    description: "Show the cluster's settings and the tags in use as JSON",
    async run(invocation) {
      invocation.printJson(await (await invocation.master()).inspect("globals", "global"));
    },
  },
  {
    name: "set",
    description: "Change the cluster's settings; what is not named stays",
    options: [
      { flags: "-f, --fabric-mode <mode>", description: "default, aci or aci-opflex" },
      {
        flags: "-v, --vlan-range <first-last>",
        description: "VLAN ids to allocate from, within 1-4094",
      },
      {
        flags: "-x, --vxlan-range <first-last>",
        description: "VXLAN network identifiers to allocate from, at most 16000",
      },
      {
        flags: "-b, --fwd-mode <mode>",
        description: "bridge (L2) or routing (L3); only while there is no network",
      },
      { flags: "-a, --arp-mode <mode>", description: "proxy (switches answer ARP) or flood" },
      {
        flags: "-s, --private-subnet <cidr>",
        description:
          "IPv4 /16 for traffic between a host and its containers; only while there is no network",
      },
    ],
    run: set,
  },
];

async function info(invocation: Invocation): Promise<void> {
  const globals = await (await invocation.master()).list("globals");
  if (invocation.flag("json")) return invocation.printJson(globals);
  for (const global of globals) {
    invocation.print(
      `Fabric mode: ${text(global, "networkInfraType")}\n` +
        `Forward mode: ${text(global, "fwdMode")}\n` +
        `ARP mode: ${text(global, "arpMode")}\n` +
        `Vlan Range: ${text(global, "vlans")}\n` +
        `Vxlan range: ${text(global, "vxlans")}\n` +
        `Private subnet: ${text(global, "pvtSubnet")}\n`,
    );
  }
}

async function set(invocation: Invocation): Promise<void> {
  const changes = settings.map(([option, field]) => [field, invocation.text(option)]);
  const master = await invocation.master();
  const current = await master.get("globals", "global");
  await master.put("globals", "global", { ...current, ...compact(Object.fromEntries(changes)) });
}

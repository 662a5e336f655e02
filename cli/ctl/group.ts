/**
 * `ctl group`: create (also: change), rm, ls, inspect of endpoint groups.
 * @module
 */
import { ALL, type CommandSpec, type Invocation, JSON_OUTPUT, QUIET, TENANT } from "./command.ts";
import { compact, list, type ListingSpec, strings, text } from "./listing.ts";

const missing = "EndpointGroup name required";

const listing: ListingSpec = {
  plural: "endpointGroups",
  nameField: "groupName",
  headings: ["Tenant", "Group", "Network", "IP Pool", "CfgdTag", "Policies", "Network profile"],
  dashes: [6, 5, 7, 7, 7, 8, 15],
  row: (group) => [
    text(group, "tenantName"),
    text(group, "groupName"),
    text(group, "networkName"),
    text(group, "ipPool"),
    text(group, "cfgdTag"),
    strings(group, "policies").join(","),
    text(group, "netProfile"),
  ],
};

export const groupCommands: readonly CommandSpec[] = [
  {
    name: "create",
    description:
      "Create an endpoint group, or give an existing one a new complete list of policies",
    arguments: ["network", "group"],
    missing: "Network and group name required",
    options: [
      TENANT,
      {
        flags: "-p, --policy <name>",
        description: "Policy of the group; may be repeated",
        repeats: true,
      },
      { flags: "-n, --networkprofile <name>", description: "Bandwidth and DSCP of its endpoints" },
      {
        flags: "-e, --external-contract <name>",
        description: "External contracts group (ACI); may be repeated",
        repeats: true,
      },
      {
        flags: "-r, --ip-pool <first-last>",
        description: "Addresses kept for this group, example 10.36.0.1-10.36.0.10",
      },
      { flags: "--tag, --epg-tag <name>", description: "Name of the group in Docker" },
    ],
    run: create,
  },
  {
    name: "rm",
    aliases: ["delete"],
    description: "Delete an endpoint group; no container may be in it",
    arguments: ["group"],
    missing,
    options: [TENANT],
    async run(invocation) {
      const key = `${invocation.text("tenant")}:${invocation.argument(0)}`;
      await (await invocation.master()).remove("endpointGroups", key);
    },
  },
  {
    name: "ls",
    aliases: ["list"],
    description: "List endpoint groups",
    options: [TENANT, ALL, JSON_OUTPUT, QUIET],
    run: (invocation) => list(invocation, listing),
  },
  {
    name: "inspect",
    description: "Show an endpoint group and its endpoints as JSON",
    arguments: ["group"],
    missing,
    options: [TENANT],
    async run(invocation) {
      const key = `${invocation.text("tenant")}:${invocation.argument(0)}`;
      invocation.printJson(await (await invocation.master()).inspect("endpointGroups", key));
    },
  },
];

async function create(invocation: Invocation): Promise<void> {
  const tenantName = invocation.text("tenant");
  const groupName = invocation.argument(1);
  const group = compact({
    cfgdTag: invocation.text("epgTag"),
    extContractsGrps: invocation.list("externalContract"),
    groupName,
    ipPool: invocation.text("ipPool"),
    netProfile: invocation.text("networkprofile"),
    networkName: invocation.argument(0),
    policies: invocation.list("policy"),
    tenantName,
    "link-sets": {},
    links: { AppProfile: {}, NetProfile: {}, Network: {}, Tenant: {} },
  });
  await (await invocation.master()).put("endpointGroups", `${tenantName}:${groupName}`, group);
  invocation.print(`Creating EndpointGroup ${tenantName}:${groupName}\n`);
}

/**
 * `ctl network`: create, rm, ls, inspect.
 * @module
 */
import {
  ALL,
  type CommandSpec,
  type Invocation,
  JSON_OUTPUT,
  type OptionSpec,
  QUIET,
  TENANT,
} from "./command.ts";
import { UsageError } from "./error.ts";
import { compact, list, type ListingSpec, text } from "./listing.ts";

const missing = "Network name required";

const listing: ListingSpec = {
  plural: "networks",
  nameField: "networkName",
  headings: [
    "Tenant",
    "Network",
    "Nw Type",
    "Encap type",
    "Packet tag",
    "Subnet",
    "Gateway",
    "IPv6Subnet",
    "IPv6Gateway",
    "Cfgd Tag ",
  ],
  dashes: [6, 7, 7, 10, 10, 7, 6, 10, 11, 9],
  row: (network) => [
    text(network, "tenantName"),
    text(network, "networkName"),
    text(network, "nwType"),
    text(network, "encap"),
    text(network, "pktTag") || "0",
    text(network, "subnet"),
    text(network, "gateway"),
    text(network, "ipv6Subnet"),
    text(network, "ipv6Gateway"),
    text(network, "cfgdTag"),
  ],
};

const createOptions: readonly OptionSpec[] = [
  TENANT,
  {
    flags: "-n, --nw-type <type>",
    description: "data: for containers; infra: an address for each host itself",
    default: "data",
  },
  {
    flags: "-e, --encap <encap>",
    description: "On the wire between hosts: vlan or vxlan",
    default: "vxlan",
  },
  {
    flags: "-p, --pkt-tag <id>",
    description:
      "VLAN id (1-4094) or VXLAN network identifier (1-16777215); 0: the lowest free one",
    default: "0",
  },
  {
    flags: "-s, --subnet <cidr>",
    description: "IPv4 subnet, or a range in one: 10.1.0.0/16, 10.1.1.10-10.1.1.50/24 - REQUIRED",
  },
  {
    flags: "-g, --gateway <address>",
    description: "IPv4 gateway; without one, no way out of the network",
  },
  { flags: "--s6, --subnetv6 <cidr>", description: "IPv6 subnet" },
  { flags: "--g6, --gatewayv6 <address>", description: "IPv6 gateway" },
  {
    flags: "--tag, --nw-tag <name>",
    description: "Name of the network in Docker instead of <network>/<tenant>",
  },
];

export const networkCommands: readonly CommandSpec[] = [
  {
    name: "create",
    description: "Create a network",
    arguments: ["network"],
    missing,
    options: createOptions,
    run: create,
  },
  {
    name: "rm",
    aliases: ["delete"],
    description: "Delete a network; no group and no container may be in it",
    arguments: ["network"],
    missing,
    options: [TENANT],
    async run(invocation) {
      const key = networkKey(invocation);
      const master = await invocation.master();
      invocation.print(`Deleting network ${key}\n`);
      await master.remove("networks", key);
    },
  },
  {
    name: "ls",
    aliases: ["list"],
    description: "List networks",
    options: [TENANT, ALL, JSON_OUTPUT, QUIET],
    run: (invocation) => list(invocation, listing),
  },
  {
    name: "inspect",
    description: "Show a network, its addresses and its endpoints as JSON",
    arguments: ["network"],
    missing,
    options: [TENANT],
    async run(invocation) {
      const master = await invocation.master();
      invocation.printJson(await master.inspect("networks", networkKey(invocation)));
    },
  },
];

function networkKey(invocation: Invocation): string {
  return `${invocation.text("tenant")}:${invocation.argument(0)}`;
}

async function create(invocation: Invocation): Promise<void> {
  const subnet = invocation.text("subnet");
  if (subnet === "") throw new UsageError("Subnet is required");
  const gateway = invocation.text("gateway");
  if (gateway !== "" && !isAddress4(gateway)) {
    throw new UsageError("Invalid gateway - Enter in A.B.C.D format");
  }
  const ipv6Gateway = invocation.text("gatewayv6");
  if (ipv6Gateway !== "" && !URL.canParse(`http://[${ipv6Gateway}]`)) {
    throw new UsageError("Invalid IPv6 gateway ");
  }
  const network = compact({
    cfgdTag: invocation.text("nwTag"),
    encap: invocation.text("encap"),
    gateway,
    ipv6Gateway,
    ipv6Subnet: invocation.text("subnetv6"),
    networkName: invocation.argument(0),
    nwType: invocation.text("nwType"),
    pktTag: invocation.integer("pktTag", "--pkt-tag"),
    subnet,
    tenantName: invocation.text("tenant"),
    "link-sets": {},
    links: { Tenant: {} },
  });
  const key = networkKey(invocation);
  await (await invocation.master()).put("networks", key, network);
  invocation.print(`Creating network ${key}\n`);
}

/** Four decimal numbers of 0-255; the master judges the rest. */
export function isAddress4(address: string): boolean {
  const octets = address.split(".");
  return octets.length === 4 &&
    octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) < 256);
}

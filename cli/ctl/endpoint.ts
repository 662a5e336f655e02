/**
 * `ctl endpoint`: what the master knows of endpoints (ls, inspect), and attaching network namespaces of this host by hand (attach,
 * detach) and their flows, which are the host's own agent's to do and tell.
 * @module
 */
import { ALL, type CommandSpec, type Invocation, JSON_OUTPUT, QUIET, TENANT } from "./command.ts";
import { AgentClient } from "./agent_client.ts";
import { UsageError } from "./error.ts";
import { flowTable } from "./flow_table.ts";
import { compact, list, type ListingSpec, text } from "./listing.ts";
import { isObject } from "./master_client.ts";

const missing = "Endpoint name required";

const listing: ListingSpec = {
  plural: "endpoints",
  nameField: "endpointID",
  tenantField: "tenant",
  headings: [
    "Tenant",
    "Network",
    "Group",
    "Address",
    "IPv6",
    "MAC",
    "Host",
    "Container",
    "State",
  ],
  row: (endpoint) => [
    text(endpoint, "tenant"),
    text(endpoint, "network"),
    text(endpoint, "group"),
    text(endpoint, "ipAddress"),
    text(endpoint, "ipv6Address"),
    text(endpoint, "macAddress"),
    text(endpoint, "homingHost"),
    text(endpoint, "containerName") || text(endpoint, "endpointID").slice(0, 12),
    [text(endpoint, "state"), text(endpoint, "error")].filter(Boolean).join(": "),
  ],
};

const AGENT = {
  flags: "--agent <path>",
  description:
    "Unix socket of this host's agent (env CONTIV_AGENT, default /run/contiv/agent.sock)",
};

export const endpointCommands: readonly CommandSpec[] = [
  {
    name: "inspect",
    description:
      "Show an endpoint by its id, container id or container name (or a part of one) as JSON",
    arguments: ["epid"],
    missing,
    async run(invocation) {
      const master = await invocation.master();
      const document = await master.inspect("endpoints", invocation.argument(0));
      invocation.printJson(withoutKey(document));
    },
  },
  {
    name: "ls",
    aliases: ["list"],
    description: "List endpoints",
    options: [TENANT, ALL, JSON_OUTPUT, QUIET],
    run: (invocation) => list(invocation, listing),
  },
  {
    name: "attach",
    description: "Connect a network namespace of this host to a network",
    options: [
      {
        flags: "--netns <namespace>",
        description: "Name (of ip netns) or absolute path - REQUIRED",
      },
      { flags: "--network <name>", description: "Network to connect to - REQUIRED" },
      TENANT,
      { flags: "-g, --group <name>", description: "Endpoint group whose policy applies" },
      { flags: "--ip <address>", description: "IPv4 address; without it the lowest free one" },
      { flags: "--ip6 <address>", description: "IPv6 address; without it the lowest free one" },
      {
        flags: "--mac <address>",
        description: "MAC address; without it derived from the IPv4 address",
      },
      {
        flags: "--interface <name>",
        description: "Name of the interface inside the namespace",
        default: "eth0",
      },
      { flags: "--name <id>", description: "Name of the endpoint; without it the namespace's" },
      AGENT,
    ],
    run: attach,
  },
  {
    name: "detach",
    description: "Disconnect what `endpoint attach` connected",
    arguments: ["name"],
    missing,
    variadic: true,
    options: [AGENT],
    run: detach,
  },
  {
    name: "flows",
    description:
      "Show the flows that the switch of this host has for an endpoint, named as for inspect, in packet order",
    arguments: ["epid"],
    missing,
    options: [AGENT],
    run: flows,
  },
];

/** The original client dropped the Oper's key; scripts compare its output. */
function withoutKey(document: Readonly<Record<string, unknown>>): unknown {
  if (!isObject(document.Oper)) return document;
  const { key: _, ...oper } = document.Oper;
  return { ...document, Oper: oper };
}

async function attach(invocation: Invocation): Promise<void> {
  const namespace = invocation.text("netns");
  if (namespace === "") throw new UsageError("--netns is required: a name of `ip netns` or a path");
  if (invocation.text("network") === "") throw new UsageError("Network name required (--network)");
  const netns = namespace.includes("/") ? namespace : `/var/run/netns/${namespace}`;
  const name = invocation.text("name") || namespace.slice(namespace.lastIndexOf("/") + 1);
  const agent = new AgentClient(agentSocket(invocation));
  try {
    const attached = await agent.attach(compact({
      tenant: invocation.text("tenant"),
      network: invocation.text("network"),
      group: invocation.text("group"),
      netns,
      address: invocation.text("ip"),
      address6: invocation.text("ip6"),
      mac: invocation.text("mac"),
      interfaceName: invocation.text("interface"),
      name,
    }));
    invocation.print(summary(invocation, attached, name, namespace));
  } finally {
    agent.close();
  }
}

function summary(
  invocation: Invocation,
  attached: Readonly<Record<string, unknown>>,
  name: string,
  namespace: string,
): string {
  const endpoint = isObject(attached.endpoint) ? attached.endpoint : {};
  const lines = [
    ["Address", text(endpoint, "ipAddress")],
    ["IPv6", text(endpoint, "ipv6Address")],
    ["MAC", text(endpoint, "macAddress")],
    ["Interface", invocation.text("interface")],
    ["Gateway", text(attached, "gateway")],
    ["IPv6 gateway", text(attached, "gateway6")],
    ["MTU", text(attached, "mtu")],
  ].filter(([, value]) => value !== "");
  const next = namespace.includes("/")
    ? `nsenter --net=${namespace} ip address`
    : `ip netns exec ${namespace} ip address`;
  const place = `${invocation.text("tenant")}:${invocation.text("network")}`;
  return `Attached endpoint ${name} to network ${place}\n` +
    lines.map(([label, value]) => `${label}: ${value}\n`).join("") +
    `Look inside:  ${next}\nTake it away: ${
      invocation.io.programName ?? "contiv ctl"
    } endpoint detach ${name}\n`;
}

async function detach(invocation: Invocation): Promise<void> {
  const agent = new AgentClient(agentSocket(invocation));
  try {
    for (const name of invocation.args) {
      await agent.detach(name);
      invocation.print(`Detached endpoint ${name}\n`);
    }
  } finally {
    agent.close();
  }
}

async function flows(invocation: Invocation): Promise<void> {
  const agent = new AgentClient(agentSocket(invocation));
  try {
    invocation.print(flowTable(await agent.flows(invocation.argument(0))));
  } finally {
    agent.close();
  }
}

function agentSocket(invocation: Invocation): string {
  return invocation.text("agent") || invocation.io.env.CONTIV_AGENT || "/run/contiv/agent.sock";
}

/**
 * Where the replay differs from the recording on purpose, each with its reason; and the recorded steps about objects that do not
 * exist here yet.
 * @module
 */
import type { Step } from "./recording.ts";

export interface Deviation {
  readonly reason: string;
  /** Neither run nor compared. */
  readonly skip?: boolean;
  /** What is run instead. */
  readonly argv?: readonly string[];
  readonly contentType?: string;
  /** What is expected instead. */
  readonly expect?: {
    readonly exit?: number;
    readonly status?: number;
    readonly error?: string;
  };
  /** The output or body expected instead, made from the recorded one. */
  readonly stdout?: (recorded: string) => string;
}

/** Commands whose objects come with later work; each step of theirs changes nothing that the replayed steps need. */
const ABSENT_COMMANDS: Readonly<Record<string, string>> = {
  policy: "policies and rules",
  netprofile: "network profiles",
  "app-profile": "application profiles",
  "external-contracts": "external contracts groups",
  service: "load-balanced services",
  bgp: "BGP",
  "aci-gw": "ACI gateway",
};

const ABSENT_PATHS =
  /^\/(services|service\/|debug\/|api\/v1\/(inspect\/)?(aciGws|appProfiles|Bgps|extContractsGroups|netprofiles|policys|rules|serviceLBs|volumes|volumeProfiles)\/)/;

/** What the step is about, when that does not exist here yet. */
export function absentObject(step: Step): string | undefined {
  if ("argv" in step) return ABSENT_COMMANDS[step.argv[1] ?? ""];
  return ABSENT_PATHS.exec(step.rest[1])?.[0];
}

const GO_PARSER = "another JSON parser's words";
const DUPLICATE =
  "the original gave one address to two endpoints (ep0004, ep0005); ours refuses the second";
const NO_POLICIES = "policies and network profiles come later";

/** `group ls` as it is when no group has a policy: the column is as wide as its heading. */
function groupTable(text: string): string {
  const [heading = "", dashes = "", ...rows] = text.trimEnd().split("\n");
  const column = heading.indexOf("Policies");
  const narrow = (line: string) =>
    line.replace(/(Policies|--------) +(?=Network profile|-+$)/, "$1  ");
  const lines = rows.map((row) => row.slice(0, column).padEnd(column + 10));
  return [narrow(heading), narrow(dashes), ...lines].join("\n") + "\n";
}

/**
 * Without the endpoint that holds an address a second time. Addresses are counted, where the original's counter missed those that were
 * asked for by name or came from a group's pool.
 */
function withoutDuplicate(text: string): string {
  return JSON.stringify(JSON.parse(text), (key, value) => {
    if (key === "numEndpoints") return value - 1;
    if (key === "allocatedAddressesCount") return value + 2;
    return Array.isArray(value) ? value.filter((item) => item?.endpointID !== "ep0005") : value;
  });
}

/** What step 202 recorded, with the networks' counters of addresses set right. */
function tenantDocument(text: string): string {
  const document = JSON.parse(text);
  const { Oper: oper } = document;
  for (const network of oper.networks) {
    // What agents and services hold in these two, nobody holds here.
    if (/^(20\.1\.7|30\.1\.1)\./.test(network.allocatedIPAddresses ?? "")) {
      const [prefix = ""] = /^\d+\.\d+\.\d+\./.exec(network.allocatedIPAddresses) ?? [];
      network.allocatedIPAddresses = `${prefix}254`;
      network.availableIPAddresses = `${prefix}1-${prefix}253`;
      network.endpoints = undefined;
      network.numEndpoints = undefined;
    }
    network.endpoints = network.endpoints?.filter((it: { endpointID: string }) =>
      it.endpointID !== "ep0005"
    );
    network.numEndpoints = network.endpoints?.length;
    // net1 has one more, which Docker's IPAM was given.
    const unclaimed = network.allocatedIPAddresses?.startsWith("20.1.1.1-") ? 1 : 0;
    network.allocatedAddressesCount = network.endpoints && network.endpoints.length + unclaimed;
  }
  oper.totalEndpoints -= 2;
  return JSON.stringify(document, null, 2);
}

const VERSION = "another program's version";

/** By step. */
export const deviations: Readonly<Record<string, Deviation>> = {
  "001": {
    reason: VERSION,
    stdout: () =>
      "Client Version:\nVersion: 0.1.0\nGitCommit: source\nBuildTime: source\n\nServer Version:\nVersion: 0.1.0\nGitCommit: test\nBuildTime: test\n",
  },
  "005": {
    reason: VERSION,
    stdout: () => '{"GitCommit":"test","Version":"0.1.0","BuildTime":"test"}',
  },
  "006": {
    reason: "another host; the original named an agent once for each of its two ports",
    stdout: (text) =>
      text.replace('["10.99.0.1","10.99.0.1"]', '["10.99.0.1"]').replaceAll(
        "10.99.0.1",
        "127.0.0.1",
      ),
  },
  "056": {
    reason: "a slash in a name is sent encoded, so the model can say what is wrong",
    expect: { error: "networkName string invalid format" },
  },
  "107": { reason: "policies come later", argv: ["netctl", "group", "create", "net1", "grp2"] },
  "108": { reason: "policies come later", argv: ["netctl", "group", "create", "net1", "grp3"] },
  "111": {
    reason: "policies come later",
    argv: ["netctl", "group", "create", "-t", "blue", "bnet", "bgrp"],
  },
  "123": { reason: NO_POLICIES, stdout: groupTable },
  "124": { reason: NO_POLICIES, stdout: groupTable },
  "150": { reason: "external contracts groups come later", skip: true },
  "152": { reason: "as 150, whose group it removes", skip: true },
  "193": {
    reason: DUPLICATE,
    expect: { status: 500, error: "ip address 20.1.1.200 is not available" },
  },
  "194": { reason: "says what is missing", expect: { error: "Network nonet not found" } },
  "195": { reason: "says what is missing", expect: { error: "EndpointGroup nogrp not found" } },
  "196": {
    reason: GO_PARSER,
    expect: {
      error:
        "the request's body is not JSON: Expected property name or '}' in JSON at position 1 (line 1 column 2)",
    },
  },
  "197": {
    reason: "the recording lacks its request's content type, which was not JSON's",
    contentType: "text/plain",
  },
  "199": { reason: DUPLICATE, stdout: withoutDuplicate },
  "202": {
    reason:
      "without ep0005, the agent's own infra endpoint and services' addresses; addresses are counted, where the original's counter drifted",
    stdout: tenantDocument,
  },
  "206": {
    reason: "the original failed to parse a reply of its own",
    expect: { status: 200 },
    stdout: () => '{"IPAddress":"20.1.1.2"}\n',
  },
  "207": {
    reason: "what 206 set",
    stdout: (text) =>
      text.replace('"labels":null', '"labels":{"key1":"value1","key2":"value2"}')
        .replace('"containerId":""', '"containerId":"cid1"')
        .replace('"epCommonName":""', '"epCommonName":"name1"'),
  },
  "216": {
    reason: GO_PARSER,
    expect: {
      error:
        "the request's body is not JSON: Expected property name or '}' in JSON at position 1 (line 1 column 2)",
    },
  },
  "219": {
    reason: "a missing trailing slash is forgiven (api/rest/master_api_test.ts)",
    skip: true,
  },
  "238": { reason: "application profiles come later", skip: true },
  "185": { reason: "the original crashed", expect: { status: 500, error: "key not found" } },
  "259": {
    reason: `${DUPLICATE}; the first one's removal took the address, and the second stayed`,
    expect: { exit: 0, error: "" },
  },
};

/**
 * Where the replay differs from the recording on purpose, each with its reason; and the recorded steps about objects that do not
 * exist here yet.
 * @module
 */
import type { Step } from "./recording.ts";

export interface Deviation {
  readonly reason: string;
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
    reason: "another host; agents are not registered yet",
    stdout: (text) =>
      text.replace('["10.99.0.1","10.99.0.1"]', "[]").replaceAll("10.99.0.1", "127.0.0.1"),
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
};

/**
 * `contiv doctor`: examines the host, says what is so, and for each problem the command that mends it. Changes nothing.
 * Exit codes: 0 when Contiv can work (warnings included), 1 when something must be mended first.
 * @module
 */
import { checkAddresses } from "./checks/addresses.ts";
import { checkContiv } from "./checks/contiv.ts";
import { checkDocker } from "./checks/docker.ts";
import { checkKernel } from "./checks/kernel.ts";
import { checkOpenVswitch } from "./checks/open_vswitch.ts";
import { checkPermissions } from "./checks/permissions.ts";
import { checkPorts } from "./checks/ports.ts";
import { checkRouting } from "./checks/routing.ts";
import { checkStore } from "./checks/store.ts";
import { checkTunnels } from "./checks/tunnels.ts";
import type { DoctorSettings, Facts } from "./facts.ts";
import { type Finding, formatFindings } from "./finding.ts";
import { gatherFacts } from "./gather.ts";

export interface DoctorIo {
  stdout(text: string): void;
}

export interface DoctorOptions extends Partial<DoctorSettings> {
  /** A JSON array of findings in place of text. */
  readonly json?: boolean;
}

/** What `contiv up` uses when it is told nothing else. */
const DEFAULTS: DoctorSettings = {
  store: { kind: "embedded", path: "/var/lib/contiv/state.db" },
  ovsRunDirectory: "/run/openvswitch",
  runDirectory: "/run/contiv",
  pluginSocket: "/run/docker/plugins/netplugin.sock",
  dockerSocket: "/var/run/docker.sock",
  privateSubnet: "172.19.0.0/16",
};

/** Returns the exit code. */
export async function runDoctor(io: DoctorIo, options: DoctorOptions = {}): Promise<number> {
  const { json, ...settings } = options;
  const findings = examine(await gatherFacts({ ...DEFAULTS, ...settings }));
  io.stdout(`${json ? JSON.stringify(findings, null, 2) : formatFindings(findings)}\n`);
  return findings.some((finding) => finding.level === "fail") ? 1 : 0;
}

/** All checks, in the order in which a person would mend things. */
export function examine(facts: Facts): Finding[] {
  return [
    ...checkPermissions(facts),
    ...checkKernel(facts),
    ...checkOpenVswitch(facts),
    ...checkRouting(facts),
    ...checkTunnels(facts),
    ...checkAddresses(facts),
    ...checkPorts(facts),
    ...checkStore(facts),
    ...checkDocker(facts),
    ...checkContiv(facts),
  ];
}

/**
 * Reads what ovs-ofctl prints: dumped flows, and why a bundle was refused. Pure.
 * @module
 */
import { SwitchError } from "../../mod/agent/switch.ts";
import type { InstalledFlow } from "./flow_commands.ts";

/** Lines of `ovs-ofctl --no-stats dump-flows`; table 0 is not printed. */
export function parseFlows(text: string): InstalledFlow[] {
  const flows: InstalledFlow[] = [];
  for (const line of text.split("\n")) {
    const cookie = /\bcookie=0x([0-9a-f]+)/.exec(line)?.[1];
    if (cookie === undefined) continue;
    const table = /\btable=(\d+)/.exec(line)?.[1] ?? "0";
    flows.push({ cookie: `0x${cookie.padStart(16, "0")}`, table: Number(table) });
  }
  return flows;
}

/**
 * Turns a failed `ovs-ofctl bundle` into an error that names the flow: the compiler names the line, the switch repeats the flow with
 * its cookie.
 */
export function explainFailure(stderr: string, lines: readonly string[]): SwitchError {
  const compiler = /^ovs-ofctl: [^:\n]*:(\d+): (.*)$/m.exec(stderr);
  if (compiler) return refused(compiler[2], lines[Number(compiler[1]) - 1], stderr);
  const refusal = /^Error (OFP\w+) for: OFPT_FLOW_MOD .*?\bcookie:(0x[0-9a-f]+)/m.exec(stderr);
  if (refusal) {
    return refused(
      refusal[1],
      lines.find((line) => line.includes(`cookie=${refusal[2]},`)),
      stderr,
    );
  }
  if (/^Error OFP\w+ for:/m.test(stderr)) return refused(undefined, undefined, stderr);
  return new SwitchError(
    "unavailable",
    `cannot write flows: ${stderr.trim() || "ovs-ofctl ended without a word"}; ` +
      "ovs-vswitchd must be running and serve the bridge; see: ovs-vsctl show",
  );
}

/**
 * A match whose prerequisite is missing (`ip,tp_dst=5`) is accepted but loses that field, so the flow matches more than it says.
 * Returns ovs-ofctl's words about it; undefined when there is nothing to say.
 */
export function normalisation(stderr: string): string | undefined {
  if (!stderr.includes("normalization changed")) return undefined;
  return stderr.split("\n").map((line) => /\|(?:INFO|WARN)\|\s*(.*)/.exec(line)?.[1] ?? "")
    .filter((line) => line !== "").join("; ");
}

function refused(reason: string | undefined, line: string | undefined, stderr: string) {
  const words = reason ?? stderr.trim();
  const flow = line === undefined ? "a flow" : `the flow "${line}"`;
  return new SwitchError("flow-refused", `Open vSwitch refused ${flow}: ${words}`);
}

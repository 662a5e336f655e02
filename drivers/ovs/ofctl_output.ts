/**
 * Reads what ovs-ofctl prints: dumped flows, and why a bundle was refused. Pure.
 * @module
 */
import { SwitchError } from "../../mod/agent/switch.ts";
import type { InstalledFlow } from "./flow_commands.ts";
import type { InstalledGroup } from "./group_commands.ts";
import { type Refusal, refused } from "./refusal.ts";
import { type InstalledMeter, parseMeter } from "./meter_commands.ts";

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

/** Lines of `ovs-ofctl -O OpenFlow15 dump-groups`. */
export function parseGroups(text: string): InstalledGroup[] {
  return [...text.matchAll(/^ *group_id=(\d+),type=(\w+)(.*)$/gm)].map((
    [, id, type = "", rest = ""],
  ) => ({
    id: Number(id),
    type,
    buckets: [...rest.matchAll(/\bbucket_id:(\d+)/g)].map(([, bucket]) => Number(bucket)),
  }));
}

/** A meter is a line and one a band. */
export function parseMeters(text: string): InstalledMeter[] {
  return text.split(/^(?=meter=)/m).filter((part) => part.startsWith("meter=")).map(parseMeter);
}

/**
 * Turns a failed ovs-ofctl into an error that names the line: the compiler names it, the switch repeats the message with its cookie,
 * group or meter.
 */
export function explainFailure(
  stderr: string,
  lines: readonly string[],
  code: Refusal = "flow-refused",
): SwitchError {
  const compiler = /^ovs-ofctl: [^:\n]*:(\d+): (.*)$/m.exec(stderr);
  if (compiler) return refused(code, lines[Number(compiler[1]) - 1], compiler[2] ?? "");
  const refusal = /^(?:Error|OFPT_ERROR .*:) (OFP\w+)(?: for:|\n)/m.exec(stderr);
  if (refusal) {
    const [message = ""] = stderr.slice(refusal.index + refusal[0].length).split(/^Error /m);
    return refused(code, culprit(message, lines), refusal[1] ?? "");
  }
  // What concerns the switch, not the line, names its socket.
  if (lines.length === 1 && !stderr.includes("unix:")) {
    const words = /^ovs-ofctl: (.*)$/m.exec(stderr)?.[1];
    if (words !== undefined) return refused(code, lines[0], words);
  }
  return new SwitchError(
    "unavailable",
    `cannot write flows: ${stderr.trim() || "ovs-ofctl ended without a word"}; ` +
      "ovs-vswitchd must be running and serve the bridge; see: ovs-vsctl show",
  );
}

/** The line of the message that the switch repeats; the last of several that say the same. */
function culprit(message: string, lines: readonly string[]): string | undefined {
  const cookie = /\bcookie:(0x[0-9a-f]+)/.exec(message)?.[1];
  const group = /\bgroup_id=\d+/.exec(message)?.[0];
  const actions = /\bactions=\S+/.exec(message)?.[0];
  return lines.length === 1 ? lines[0] : lines.findLast((line) => {
    if (cookie !== undefined) return line.includes(`cookie=${cookie},`);
    if (group !== undefined) return `${line},`.includes(`${group},`);
    return actions !== undefined && line.startsWith("packet-out") && line.endsWith(actions);
  });
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

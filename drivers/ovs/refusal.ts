/**
 * How a line that was refused is named.
 * @module
 */
import { SwitchError } from "../../mod/agent/switch.ts";

export type Refusal = "flow-refused" | "packet-refused";

/** Enough to know the flow, group or packet by; a group may have a hundred thousand characters. */
const EXCERPT = 400;

export function refused(code: Refusal, line: string | undefined, reason: string): SwitchError {
  const what = line === undefined ? "a line" : `"${excerpt(line)}"`;
  return new SwitchError(code, `Open vSwitch refused ${what}: ${excerpt(reason)}`);
}

/** Beginning and end. */
function excerpt(text: string): string {
  if (text.length <= EXCERPT) return text;
  return `${text.slice(0, EXCERPT / 2)} … ${text.slice(-EXCERPT / 2)}`;
}

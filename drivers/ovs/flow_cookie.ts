/**
 * The cookie of each flow of ours says that it is ours and what it is: 16 bits of magic, 4 bits of format version, 44 bits of hash
 * over the flow's canonical text. So what is installed can be recognised by a fresh process, without comparing texts that the
 * switch has normalised, and nothing is flushed when a daemon restarts: instead of a "round" number that renames every flow, the
 * content names it. A change of the canonical text's meaning raises VERSION; older flows are then replaced in place.
 * @module
 */
import type { Flow } from "../../mod/pipeline/flow.ts";
import { formatFlow } from "../../mod/pipeline/flow.ts";
import { contentHash } from "./content_hash.ts";

/** Top 16 bits of every cookie of ours. */
const MAGIC = 0xc047;
/** 1–15. */
const VERSION = 1;

/** `value/mask` that selects all flows of ours, of every version. */
export const OURS = "0xc047000000000000/0xffff000000000000";

/** As ovs-ofctl prints it: `0x` and 16 hexadecimal digits. Equal for equal table, priority, match and actions. */
export function flowCookie(flow: Flow): string {
  return cookieOf(formatFlow(flow));
}

/** The same, of a flow's canonical text. */
export function cookieOf(text: string): string {
  const [high, low] = contentHash(text);
  const head = ((MAGIC << 16) | (VERSION << 12) | (high & 0xfff)) >>> 0;
  return `0x${hex(head)}${hex(low)}`;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}

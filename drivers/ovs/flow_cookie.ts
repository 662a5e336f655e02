/**
 * The cookie of each flow of ours says that it is ours and what it is: 16 bits of magic, 4 bits of format version, 44 bits of hash
 * over the flow's canonical text. So what is installed can be recognised by a fresh process, without comparing texts that the
 * switch has normalised, and nothing is flushed when a daemon restarts: instead of a "round" number that renames every flow, the
 * content names it. A change of the canonical text's meaning raises VERSION; older flows are then replaced in place.
 * @module
 */
import type { Flow } from "../../mod/pipeline/flow.ts";
import { formatFlow } from "../../mod/pipeline/flow.ts";

/** Top 16 bits of every cookie of ours. */
const MAGIC = 0xc047;
/** 1–15. */
const VERSION = 1;

/** `value/mask` that selects all flows of ours, of every version. */
export const OURS = "0xc047000000000000/0xffff000000000000";

/** As ovs-ofctl prints it: `0x` and 16 hexadecimal digits. Equal for equal table, priority, match and actions. */
export function flowCookie(flow: Flow): string {
  const [high, low] = hash(formatFlow(flow));
  const head = ((MAGIC << 16) | (VERSION << 12) | (high & 0xfff)) >>> 0;
  return `0x${hex(head)}${hex(low)}`;
}

/**
 * Two 32-bit FNV-1a lanes over UTF-16 code units, mixed at the end as MurmurHash3 does: fast (1 µs a flow) and even. It need not
 * withstand an adversary: `reconciliation.ts` stays right when two flows share a cookie.
 */
function hash(text: string): [high: number, low: number] {
  let high = 0x811c9dc5;
  let low = 0x9747b28c;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, 0x01000193);
    low = Math.imul(low ^ unit, 0x85ebca6b);
    low ^= low >>> 15;
  }
  return [mix(high ^ low), mix(low)];
}

function mix(value: number): number {
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}

/**
 * The ranges of tags that `global` allows.
 * @module
 */
import type { NumberRange } from "../alloc/numbers.ts";
import { IntentError } from "./error.ts";

/** The original's bound of a VXLAN range: last − first. */
export const MAX_VXLAN_SPAN = 16000;

/** `min-max`, valid by the model's grammar; throws the original's texts when its values are not. */
export function parseTagRange(kind: "vlan" | "vxlan", text: string): NumberRange {
  const [first = NaN, last = NaN] = text.split("-").map(Number);
  const invalid = (why: string) => new IntentError("invalid", `invalid range ${text}, ${why}`);
  if (!Number.isInteger(first) || !Number.isInteger(last)) {
    throw new IntentError("invalid", `invalid tags ${text}, correct '10-50,70-100'`);
  }
  if (first > last) throw invalid("min is greater than max");
  if (first < 1) throw invalid("values less than 1");
  if (kind === "vlan" && last > 4095) throw invalid("vlan values exceed 4095 max allowed");
  if (kind === "vxlan" && last > 65535) throw invalid("vlan values exceed 65535 max allowed");
  return { first, last };
}

/** Throws when a VXLAN range is wider than the original's pool. */
export function checkVxlanSpan({ first, last }: NumberRange): void {
  if (last - first <= MAX_VXLAN_SPAN) return;
  throw new IntentError(
    "invalid",
    `does not allow vxlan range to exceed ${MAX_VXLAN_SPAN} range ${first}-${last}`,
  );
}

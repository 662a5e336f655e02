/**
 * Which steps of Consul transactions bring the written records in line with the log. Pure; doing them twice does no harm.
 * @module
 */
import type { Operation } from "../../../mod/state/store.ts";
import type { Tree } from "../../../mod/state/tree.ts";
import { MAX_BODY_BYTES, MAX_STEPS, type Step, stepBytes } from "./consul_api.ts";
import { piecesPrefix, toConsul } from "./names.ts";
import { encodeRecord, isLarge } from "./record_format.ts";

/** `before` absent: what was written before is not known. */
export function recordSteps(
  operations: readonly Operation[],
  after: Tree,
  before?: Tree,
): Step[] {
  return operations.flatMap(({ key }): Step[] => {
    const item = after.get(key);
    const mayHavePieces = before === undefined || isLarge(before.get(key));
    return [
      ...(mayHavePieces ? [{ verb: "delete-tree" as const, key: piecesPrefix(key) }] : []),
      ...(item
        ? encodeRecord(item).map((pair): Step => ({ verb: "set", ...pair }))
        : [{ verb: "delete" as const, key: toConsul(key) }]),
    ];
  });
}

/** The steps in order, in as few transactions as take them; `guard` begins each. */
export function transactionsOf(steps: readonly Step[], guard: Step): Step[][] {
  const transactions: Step[][] = [];
  let open: Step[] = [], bytes = 0;
  for (const step of steps) {
    const size = stepBytes(step);
    if (open.length === 0 || open.length === MAX_STEPS || bytes + size > MAX_BODY_BYTES) {
      open = [guard];
      bytes = stepBytes(guard);
      transactions.push(open);
    }
    open.push(step);
    bytes += size;
  }
  return transactions;
}

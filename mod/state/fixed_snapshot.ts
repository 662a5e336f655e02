/**
 * Snapshots that come from no store: a table of records, and what a plan makes of a snapshot. For planning ahead of a commit and
 * for tests of pure decisions.
 * @module
 */
import { effects, holds } from "./evaluate.ts";
import { checkTransaction } from "./limits.ts";
import type { Plan } from "./plan.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Compare, KeyValue, Revision } from "./store.ts";
import { Tree } from "./tree.ts";

/** A tree at a revision. */
export class TreeSnapshot implements Snapshot {
  constructor(readonly tree: Tree, readonly revision: Revision) {}

  get(key: string): KeyValue | undefined {
    return this.tree.get(key);
  }

  list(prefix: string): readonly KeyValue[] {
    return this.tree.list(prefix);
  }
}

/** A snapshot of `records` (key → value, stored as JSON), all created at `revision`. */
export function fixedSnapshot(
  records: Readonly<Record<string, unknown>>,
  revision: Revision = 1,
): Snapshot {
  const items = Object.entries(records).map(([key, value]) => ({
    key,
    value: JSON.stringify(value),
    createRevision: revision,
    modRevision: revision,
    version: 1,
  }));
  return new TreeSnapshot(Tree.of(items), revision);
}

/**
 * The snapshot after the plan's transaction, as a store would commit it: one revision further, or the same snapshot when nothing
 * is written. Throws an Error naming the first compare that does not hold.
 */
export function applyPlan(snapshot: Snapshot, plan: Plan<unknown>): Snapshot {
  checkTransaction(plan.compares, plan.operations);
  const failed = failedCompare(snapshot, plan);
  if (failed) throw new Error(`the compare ${JSON.stringify(failed)} does not hold`);
  const revision = snapshot.revision + 1;
  const events = effects(plan.operations, snapshot, revision);
  if (events.length === 0) return snapshot;
  const tree = snapshot instanceof TreeSnapshot ? snapshot.tree : Tree.of(snapshot.list(""));
  return new TreeSnapshot(tree.with(events), revision);
}

/** The first of the plan's compares that does not hold in the snapshot. */
export function failedCompare(snapshot: Snapshot, plan: Plan<unknown>): Compare | undefined {
  return plan.compares.find((compare) => !holds(compare, snapshot));
}

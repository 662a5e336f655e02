/**
 * Several plans as one transaction: each is decided on top of the ones before it, and all commit together or not at all. So that
 * many decisions about the same things cost one commit, and none is made on what another's failure would undo.
 * @module
 */
import { effects, holds } from "./evaluate.ts";
import { TreeSnapshot } from "./fixed_snapshot.ts";
import { checkTransaction, MAX_OPERATIONS } from "./limits.ts";
import type { Plan } from "./plan.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Compare, Operation } from "./store.ts";
import { Tree } from "./tree.ts";

/** In UTF-16 code units of all values; etcd refuses requests beyond 1.5 MiB, and a single value may be 1 MiB. */
const MAX_COMBINED_VALUES = 256 * 1024;

export type Joined =
  | "joined"
  /** One of its compares does not hold where it was decided: it would fail. */
  | "contradictory"
  /** It needs a transaction of its own, after this one. */
  | "full";

export class Combination {
  #view: TreeSnapshot;
  readonly #compares = new Map<string, Compare>();
  readonly #operations = new Map<string, Operation>();
  #size = 0;

  constructor(private readonly base: Snapshot) {
    const tree = base instanceof TreeSnapshot ? base.tree : Tree.of(base.list(""));
    this.#view = new TreeSnapshot(tree, base.revision);
  }

  /**
   * What the next plan is to be decided from. The revisions of what earlier plans wrote are provisional: good for compares within
   * this combination, for nothing else.
   */
  get view(): Snapshot {
    return this.#view;
  }

  /** Whether no plan that writes has joined, so that the view is the base. */
  get empty(): boolean {
    return this.#operations.size === 0;
  }

  get compares(): Compare[] {
    return [...this.#compares.values()];
  }

  get operations(): Operation[] {
    return [...this.#operations.values()];
  }

  /** Adds a plan that was decided from `view`. Throws StoreError "invalid" for one that no store would take. */
  join(plan: Plan<unknown>): Joined {
    checkTransaction(plan.compares, plan.operations);
    if (!plan.compares.every((compare) => holds(compare, this.#view))) return "contradictory";
    if (plan.operations.length === 0) return "joined";
    const compares = this.#onBase(plan.compares);
    if (!this.#fits(compares, plan.operations)) return "full";
    for (const compare of compares) this.#compares.set(JSON.stringify(compare), compare);
    for (const operation of plan.operations) this.#operations.set(operation.key, operation);
    this.#size += sizeOf(plan.operations);
    const revision = this.#view.revision + 1;
    const events = effects(plan.operations, this.#view, revision);
    this.#view = new TreeSnapshot(this.#view.tree.with(events), revision);
    return "joined";
  }

  /** The compares as the store is to check them, before any operation: what earlier plans make true is left out. */
  #onBase(compares: readonly Compare[]): Compare[] {
    return compares.flatMap((compare): Compare[] => {
      if ("prefix" in compare) {
        const unchangedSince = Math.min(compare.unchangedSince, this.base.revision);
        return [{ prefix: compare.prefix, unchangedSince }];
      }
      const { key } = compare;
      if (!this.#operations.has(key)) return [compare];
      if (!("createRevision" in compare)) return [];
      return [{ key, createRevision: this.base.get(key)?.createRevision ?? 0 }];
    });
  }

  #fits(compares: readonly Compare[], operations: readonly Operation[]): boolean {
    if (this.empty) return true;
    // A deletion and a put of one key cannot be merged: they make the key anew, with another createRevision.
    const clash = operations.some((operation) => {
      const earlier = this.#operations.get(operation.key);
      return earlier !== undefined && (earlier.type === "delete" || operation.type === "delete");
    });
    return !clash && this.#size + sizeOf(operations) <= MAX_COMBINED_VALUES &&
      this.#operations.size + operations.length <= MAX_OPERATIONS &&
      this.#compares.size + compares.length <= MAX_OPERATIONS;
  }
}

function sizeOf(operations: readonly Operation[]): number {
  return operations.reduce((sum, each) => sum + (each.type === "put" ? each.value.length : 0), 0);
}

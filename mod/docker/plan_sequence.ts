/**
 * Several decisions in one transaction: each is made from what the ones before it will have written.
 * @module
 */
import { applyPlan } from "../state/fixed_snapshot.ts";
import type { Plan } from "../state/plan.ts";
import type { Snapshot } from "../state/snapshot.ts";
import type { Compare, Operation } from "../state/store.ts";

/** Collects plans; `snapshot` is what the next one is to be decided from. */
export class PlanSequence {
  #snapshot: Snapshot;
  readonly #compares: Compare[] = [];
  readonly #operations = new Map<string, Operation>();

  constructor(readonly base: Snapshot) {
    this.#snapshot = base;
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Adds the plan and returns what it promises. */
  add<T>(plan: Plan<T>): T {
    this.#snapshot = applyPlan(this.#snapshot, plan);
    for (const compare of plan.compares) {
      const inBase = this.#ofBase(compare);
      if (inBase !== undefined) this.#compares.push(inBase);
    }
    for (const operation of plan.operations) this.#operations.set(operation.key, operation);
    return plan.result;
  }

  finish<T>(result: T): Plan<T> {
    return { compares: this.#compares, operations: [...this.#operations.values()], result };
  }

  /** A condition on what this very sequence writes holds by itself; what is left must hold of the base. */
  #ofBase(compare: Compare): Compare | undefined {
    if ("prefix" in compare) {
      return compare.unchangedSince > this.base.revision
        ? { prefix: compare.prefix, unchangedSince: this.base.revision }
        : compare;
    }
    return this.#operations.has(compare.key) ? undefined : compare;
  }
}

/**
 * Which flows of which owner are in force, as this process knows it, and the change that takes an owner to what is desired.
 * Two owners may pass an identity (table, priority, match) on to each other: the flow then belongs to who set it last.
 * @module
 */
import type { Flow } from "../pipeline/flow.ts";
import type { FlowChange } from "./switch.ts";

const identities = new WeakMap<Flow, string>();

/** What OpenFlow tells flows apart by. */
export function flowIdentity(flow: Flow): string {
  let identity = identities.get(flow);
  if (identity === undefined) {
    identities.set(flow, identity = `${flow.table} ${flow.priority} ${flow.match.join(",")}`);
  }
  return identity;
}

export class FlowLedger {
  #applied = new Map<string, readonly Flow[]>();
  readonly #owner = new Map<string, string>();
  /** Who asked last for a flow that is not confirmed yet, by identity. */
  readonly #takers = new Map<string, string>();

  /**
   * What has to be done for `owner` to have exactly `wanted`. What is to be set is its own from now on: changes go to the switch in the order
   * in which they are asked for here, and one that is asked for before this is confirmed must not remove it.
   */
  change(owner: string, wanted: readonly Flow[]): FlowChange {
    const before = this.#applied.get(owner) ?? [];
    if (before === wanted) return { add: [], remove: [] };
    const installed = new Map(before.map((flow) => [flowIdentity(flow), flow]));
    const keep = new Set(wanted.map(flowIdentity));
    const add = wanted.filter((flow) => !sameActions(installed.get(flowIdentity(flow)), flow));
    for (const flow of add) {
      this.#owner.set(flowIdentity(flow), owner);
      this.#takers.set(flowIdentity(flow), owner);
    }
    return {
      add,
      remove: before.filter((flow) =>
        !keep.has(flowIdentity(flow)) && this.#owner.get(flowIdentity(flow)) === owner
      ),
    };
  }

  /**
   * Records that `owner`'s flows are `flows`, after the switch has confirmed the change. What another one has asked for since stays that
   * one's.
   */
  confirm(owner: string, flows: readonly Flow[]): void {
    for (const flow of this.#applied.get(owner) ?? []) {
      const identity = flowIdentity(flow);
      if (this.#owner.get(identity) === owner) this.#owner.delete(identity);
    }
    for (const flow of flows) {
      const identity = flowIdentity(flow);
      if ((this.#takers.get(identity) ?? owner) !== owner) continue;
      this.#takers.delete(identity);
      this.#owner.set(identity, owner);
    }
    if (flows.length) this.#applied.set(owner, flows);
    else this.#applied.delete(owner);
  }

  /** Owners that have flows in force. */
  owners(): string[] {
    return [...this.#applied.keys()];
  }

  /** Forgets everything: the switch lost its flows, or nobody knows. */
  clear(): void {
    this.#applied.clear();
    this.#owner.clear();
    this.#takers.clear();
  }
}

function sameActions(a: Flow | undefined, b: Flow): boolean {
  return a !== undefined && (a === b || a.actions.join(",") === b.actions.join(","));
}

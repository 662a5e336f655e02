/**
 * What of which owner is in force in the switch (flows, groups, meters), and the one change that takes several owners to what is desired.
 * @module
 */
import type { Flow } from "../pipeline/flow.ts";
import { formatGroup, type Group } from "../pipeline/group.ts";
import { formatMeter, type Meter } from "../pipeline/meter.ts";
import { FlowLedger } from "./flow_ledger.ts";
import { NumberLedger } from "./number_ledger.ts";
import type { FlowChange, PipelineContent } from "./switch.ts";

interface Wanted {
  readonly owner: string;
  readonly content: PipelineContent;
}

export class PipelineLedger {
  readonly #flows = new FlowLedger();
  readonly #groups = new NumberLedger<Group>(formatGroup);
  readonly #meters = new NumberLedger<Meter>(formatMeter);

  /** What has to be done for each owner to have exactly its content; undefined: nothing. */
  change(wanted: readonly Wanted[]): FlowChange | undefined {
    const add: Flow[] = [];
    const remove: Flow[] = [];
    const setGroups: Group[] = [];
    const removeGroups: number[] = [];
    const setMeters: Meter[] = [];
    const removeMeters: number[] = [];
    for (const { owner, content } of wanted) {
      const flows = this.#flows.change(owner, content.flows);
      add.push(...flows.add);
      remove.push(...flows.remove);
      const groups = this.#groups.change(owner, content.groups);
      setGroups.push(...groups.set);
      removeGroups.push(...groups.remove);
      const meters = this.#meters.change(owner, content.meters);
      setMeters.push(...meters.set);
      removeMeters.push(...meters.remove);
    }
    const change = { add, remove, setGroups, removeGroups, setMeters, removeMeters };
    return Object.values(change).some(({ length }) => length > 0) ? change : undefined;
  }

  /** Records that `owner` has `content`, after the switch has confirmed the change. */
  confirm(owner: string, { flows, groups, meters }: PipelineContent): void {
    this.#flows.confirm(owner, flows);
    this.#groups.confirm(owner, groups);
    this.#meters.confirm(owner, meters);
  }

  /** Forgets everything: the switch lost it, or nobody knows. */
  clear(): void {
    this.#flows.clear();
    this.#groups.clear();
    this.#meters.clear();
  }
}

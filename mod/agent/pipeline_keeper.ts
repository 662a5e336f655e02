/**
 * Keeps flows, groups and meters of the switch as the desired state says: those of single owners on the fast path, all at once after a
 * start or a fault.
 * @module
 */
import type { DesiredEndpoint } from "./desired_endpoint.ts";
import type { DesiredState } from "./desired_state.ts";
import type { Log } from "./log.ts";
import { endpointOwner } from "./owners.ts";
import { PipelineLedger } from "./pipeline_ledger.ts";
import type { PipelineContent, Switch } from "./switch.ts";

export interface PipelineKeeperDeps {
  readonly switch: Pick<Switch, "applyFlows" | "reconcilePipeline">;
  readonly desired: Pick<DesiredState, "flows" | "groups" | "meters" | "owners">;
  readonly log: Log;
}

interface Wanted {
  readonly owner: string;
  readonly content: PipelineContent;
}

export class PipelineKeeper {
  readonly #ledger = new PipelineLedger();

  constructor(private readonly deps: PipelineKeeperDeps) {}

  /** Resolves when the owners have what is desired of them now. */
  apply(owners: readonly string[], signal: AbortSignal): Promise<void> {
    return this.#apply(owners.map((owner) => this.#wanted(owner)), signal);
  }

  /** Of an endpoint that is not desired yet. */
  foresee(
    { endpoint, flows, groups = [], meters = [] }: DesiredEndpoint,
    signal: AbortSignal,
  ): Promise<void> {
    const content = { flows, groups, meters };
    return this.#apply([{ owner: endpointOwner(endpoint.id), content }], signal);
  }

  /** The switch lost it all. */
  forget(): void {
    this.#ledger.clear();
  }

  /** Compares all with what the switch has, and mends the difference. */
  async resync(signal: AbortSignal): Promise<void> {
    const wanted = this.deps.desired.owners().map((owner) => this.#wanted(owner));
    const { flows, groups, meters } = await this.deps.switch.reconcilePipeline({
      flows: wanted.flatMap(({ content }) => content.flows),
      groups: wanted.flatMap(({ content }) => content.groups),
      meters: wanted.flatMap(({ content }) => content.meters),
    }, signal);
    this.#ledger.clear();
    for (const { owner, content } of wanted) this.#ledger.confirm(owner, content);
    const set = flows.set + groups.set + meters.set;
    const removed = flows.removed + groups.removed + meters.removed;
    if (set + removed === 0) return;
    this.deps.log.info(
      "Mended the switch: {flows} flows, {groups} groups, {meters} meters set; {removed} removed",
      { flows: flows.set, groups: groups.set, meters: meters.set, removed },
    );
  }

  async #apply(wanted: readonly Wanted[], signal: AbortSignal): Promise<void> {
    const change = this.#ledger.change(wanted);
    if (change) await this.deps.switch.applyFlows(change, signal);
    for (const { owner, content } of wanted) this.#ledger.confirm(owner, content);
  }

  #wanted(owner: string): Wanted {
    const { desired } = this.deps;
    const content = {
      flows: desired.flows(owner),
      groups: desired.groups(owner),
      meters: desired.meters(owner),
    };
    return { owner, content };
  }
}

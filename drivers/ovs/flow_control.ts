/**
 * Changes flows through a FlowProgrammer: joins concurrent changes in one bundle, and reconciles by the difference.
 * @module
 */
import { type FlowChange, SwitchError } from "../../mod/agent/switch.ts";
import type { Flow } from "../../mod/pipeline/flow.ts";
import { Batcher } from "./batcher.ts";
import { changeLines, reconcile } from "./flow_commands.ts";
import type { FlowProgrammer } from "./flow_programmer.ts";

export class FlowControl {
  readonly #changes: Batcher<readonly string[]>;

  constructor(private readonly programmer: FlowProgrammer) {
    this.#changes = new Batcher(
      (changes) => programmer.apply(changes.flat()),
      (error) => error instanceof SwitchError && error.code === "flow-refused",
    );
  }

  async apply(change: FlowChange, signal: AbortSignal): Promise<void> {
    const lines = changeLines(change);
    if (lines.length > 0) await this.#changes.submit(lines, signal);
  }

  /** No change of flows goes on between reading what is installed and correcting it. */
  reconcile(
    desired: readonly Flow[],
    signal: AbortSignal,
  ): Promise<{ added: number; removed: number }> {
    return this.#changes.exclusive(async () => {
      const { lines, added, removed } = reconcile(desired, await this.programmer.dump());
      if (lines.length > 0) await this.programmer.apply(lines);
      return { added, removed };
    }, signal);
  }
}

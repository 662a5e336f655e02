/**
 * Changes flows, groups and meters through a FlowProgrammer: joins concurrent changes in one bundle, reconciles by the difference, and
 * takes meters back when the bundle that they were set for is refused.
 * @module
 */
import {
  type FlowChange,
  type PacketOut,
  type PipelineContent,
  type PipelineMending,
  SwitchError,
} from "../../mod/agent/switch.ts";
import type { Meter } from "../../mod/pipeline/meter.ts";
import { Batcher } from "./batcher.ts";
import { changeSteps, reconcileSteps } from "./flow_commands.ts";
import type { FlowProgrammer } from "./flow_programmer.ts";
import { groupDifference, removeGroupLine, setGroupLine } from "./group_commands.ts";
import { meterDifference, removeMeterLine, setMeterLines } from "./meter_commands.ts";
import { packetLine } from "./packet_commands.ts";
import { inSlices, type Steps } from "./slices.ts";

/** What one or more changes come to. */
interface Plan {
  /** Of the bundle. */
  readonly lines: readonly string[];
  readonly setMeters: readonly Meter[];
  readonly removeMeters: readonly number[];
}

export class FlowControl {
  readonly #changes: Batcher<FlowChange>;

  constructor(private readonly programmer: FlowProgrammer) {
    this.#changes = new Batcher(
      async (changes) => this.#carryOut(await inSlices(together(changes))),
      (error) => isRefusal(error),
    );
  }

  async apply(change: FlowChange, signal: AbortSignal): Promise<void> {
    if (isEmpty(change)) return;
    await this.#changes.submit(change, signal);
  }

  /** No other change goes on between reading what is installed and correcting it. */
  reconcile(desired: PipelineContent, signal: AbortSignal): Promise<PipelineMending> {
    return this.#changes.exclusive(async () => {
      const installed = await this.programmer.dump();
      const flows = await inSlices(reconcileSteps(desired.flows, installed.flows), signal);
      const groups = groupDifference(desired.groups, installed.groups);
      const meters = meterDifference(desired.meters, installed.meters);
      await this.#carryOut({
        lines: [
          ...groups.set.map(setGroupLine),
          ...flows.lines,
          ...groups.remove.map(removeGroupLine),
        ],
        setMeters: meters.set,
        removeMeters: meters.remove,
      });
      return {
        flows: { set: flows.added, removed: flows.removed },
        groups: { set: groups.set.length, removed: groups.remove.length },
        meters: { set: meters.set.length, removed: meters.remove.length },
      };
    }, signal);
  }

  async send(packets: readonly PacketOut[], signal: AbortSignal): Promise<void> {
    const lines = packets.map(packetLine);
    signal.throwIfAborted();
    if (lines.length > 0) await this.programmer.sendPackets(lines);
  }

  /** Meters before the flows that use them, and away after them. */
  async #carryOut({ lines, setMeters, removeMeters }: Plan): Promise<void> {
    const meters = setMeters.length > 0
      ? setMeterLines(setMeters, await this.programmer.dumpMeters())
      : { set: [], undo: [] };
    try {
      if (meters.set.length > 0) await this.programmer.changeMeters(meters.set);
      if (lines.length > 0) await this.programmer.apply(lines);
    } catch (error) {
      if (isRefusal(error) && meters.undo.length > 0) await this.#undo(meters.undo, error);
      throw error;
    }
    if (removeMeters.length > 0) {
      await this.programmer.changeMeters(removeMeters.map(removeMeterLine));
    }
  }

  async #undo(lines: readonly string[], refusal: SwitchError): Promise<void> {
    try {
      await this.programmer.changeMeters(lines);
    } catch (cause) {
      throw new SwitchError(
        "protocol",
        `${refusal.message}; and the meters that were set for it could not be put back`,
        { cause },
      );
    }
  }
}

function isEmpty(change: FlowChange): boolean {
  const { add, remove, setGroups, removeGroups, setMeters, removeMeters } = change;
  return [add, remove, setGroups, removeGroups, setMeters, removeMeters]
    .every((some) => !some || some.length === 0);
}

/** In order; of a meter that is both set and removed, the last counts. */
function* together(changes: readonly FlowChange[]): Steps<Plan> {
  const lines: string[] = [];
  const meters = new Map<number, Meter | undefined>();
  for (const change of changes) {
    for (const line of yield* changeSteps(change)) lines.push(line);
    for (const id of change.removeMeters ?? []) meters.set(id, undefined);
    for (const meter of change.setMeters ?? []) meters.set(meter.id, meter);
  }
  return {
    lines,
    setMeters: [...meters.values()].filter((meter) => meter !== undefined),
    removeMeters: [...meters].filter(([, meter]) => meter === undefined).map(([id]) => id),
  };
}

function isRefusal(error: unknown): error is SwitchError {
  return error instanceof SwitchError && error.code === "flow-refused";
}

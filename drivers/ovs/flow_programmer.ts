/**
 * What writes flows into the switch: the part of the driver that may be ovs-ofctl or a library.
 * @module
 */
import type { InstalledFlow } from "./flow_commands.ts";

export interface FlowProgrammer {
  /** For the log and `doctor`, e.g. "ovs-ofctl bundle". */
  readonly description: string;
  /**
   * Applies lines as `ovs-ofctl bundle` reads them (`flow add …`, `flow delete …`), in order, all or none. Resolves when they are in
   * force. Throws SwitchError: "flow-refused" with the line, "unavailable", or "timeout", after which it is not known whether they
   * are in force.
   */
  apply(lines: readonly string[]): Promise<void>;
  /** The installed flows of ours. Throws SwitchError. */
  dump(): Promise<InstalledFlow[]>;
  close(): Promise<void>;
}

/**
 * What writes flows, groups and meters into the switch: the part of the driver that may be ovs-ofctl or a library.
 * @module
 */
import type { InstalledFlow } from "./flow_commands.ts";
import type { InstalledGroup } from "./group_commands.ts";
import type { InstalledMeter } from "./meter_commands.ts";

export interface Installed {
  /** Ours, by their cookie. */
  readonly flows: readonly InstalledFlow[];
  readonly groups: readonly InstalledGroup[];
  readonly meters: readonly InstalledMeter[];
}

export interface FlowProgrammer {
  /** For the log and `doctor`, e.g. "ovs-ofctl bundle". */
  readonly description: string;
  /**
   * Applies lines as `ovs-ofctl bundle` reads them (`flow add …`, `flow delete …`, `group add_or_mod …`), in order, all or none.
   * Resolves when they are in force. Throws SwitchError: "flow-refused" with the line, "unavailable", or "timeout", after which it is
   * not known whether they are in force.
   */
  apply(lines: readonly string[]): Promise<void>;
  /**
   * `meter add …`, `meter modify …`, `meter delete …`, in order. OpenFlow has no bundles of them: when one is refused ("flow-refused",
   * with the line), others may be in force.
   */
  changeMeters(lines: readonly string[]): Promise<void>;
  /** `packet-out …`. Resolves when the switch has taken them. Throws SwitchError, "packet-refused" with the line. */
  sendPackets(lines: readonly string[]): Promise<void>;
  /** Throws SwitchError. */
  dump(): Promise<Installed>;
  dumpMeters(): Promise<readonly InstalledMeter[]>;
  close(): Promise<void>;
}

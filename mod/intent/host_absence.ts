/**
 * How long hosts have been seen down by the one who gives hosts up, on a clock that is never set. The times in the store are of wall clocks,
 * which may be hours wrong: taken alone, a wrong one would give up a host whose agent is just being started again.
 * @module
 */
import type { HostState } from "../model/records.ts";
import { HOSTS } from "../state/keys.ts";
import { readAll, type Snapshot } from "../state/snapshot.ts";

interface Absence {
  readonly downSince: number;
  /** Steady time, ms. */
  readonly firstSeen: number;
}

export class HostAbsence {
  #absent = new Map<string, Absence>();

  /** `needed`: ms for which a host must have been seen down without a break. */
  constructor(private readonly needed: number) {}

  /** Takes in what is so at `steady`, the ms of a clock that only goes on; returns the labels of hosts that have been seen down for long enough. */
  look(snapshot: Snapshot, steady: number): ReadonlySet<string> {
    const absent = new Map<string, Absence>();
    const long = new Set<string>();
    for (const { id, downSince } of readAll<HostState>(snapshot, HOSTS)) {
      if (downSince === undefined) continue;
      const before = this.#absent.get(id);
      const same = before?.downSince === downSince ? before : { downSince, firstSeen: steady };
      absent.set(id, same);
      if (steady - same.firstSeen >= this.needed) long.add(id);
    }
    this.#absent = absent;
    return long;
  }
}

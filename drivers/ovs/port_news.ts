/**
 * What ovs-vswitchd says over OpenFlow of ports that were just asked for, when they carry traffic. The database, which has the last word,
 * follows a millisecond or two later. Pure but for its memory.
 * @module
 */
import type { PortStatus } from "./openflow/codec.ts";

export class PortNews {
  /** By name; undefined: nothing was said yet. */
  readonly #expected = new Map<string, number | undefined>();

  /** From now on; what was said of an earlier port of that name is forgotten. */
  expect(name: string): void {
    this.#expected.set(name, undefined);
  }

  /** The database has said it, or nobody waits any more. */
  forget(name: string): void {
    this.#expected.delete(name);
  }

  /** Returns whether somebody waits for it. That a port changed says nothing: it may be an earlier one, which is yet to go. */
  told({ reason, name, number }: Pick<PortStatus, "reason" | "name" | "number">): boolean {
    if (reason === "modify" || !this.#expected.has(name)) return false;
    this.#expected.set(name, reason === "delete" ? undefined : number);
    return true;
  }

  expected(): Iterable<string> {
    return this.#expected.keys();
  }

  /** The number of a port that the database does not show yet. */
  numberOf(name: string): number | undefined {
    return this.#expected.get(name);
  }
}

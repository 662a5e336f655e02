/**
 * Notices ports of ours that change by another hand than ours: compares each picture of the switch with the one before. Pure but for
 * its memory.
 * @module
 */
import type { PortState } from "../../mod/agent/switch.ts";

export class PortWatch {
  #before = new Map<string, PortState>();
  readonly #busy = new Map<string, number>();

  /** While our own change of these ports is under way, theirs are no news. */
  begin(names: readonly string[]): void {
    for (const name of names) this.#busy.set(name, (this.#busy.get(name) ?? 0) + 1);
  }

  end(names: readonly string[]): void {
    for (const name of names) {
      const left = (this.#busy.get(name) ?? 0) - 1;
      if (left > 0) this.#busy.set(name, left);
      else this.#busy.delete(name);
    }
  }

  /** Forgets, so that the next picture is compared with nothing. */
  reset(): void {
    this.#before.clear();
  }

  /** Whether a port vanished or changed since the last picture. One that was attached only now is no news. */
  look(ports: readonly PortState[]): boolean {
    const now = new Map(ports.map((port) => [port.name, port]));
    let changed = false;
    for (const [name, before] of this.#before) {
      if (this.#busy.has(name)) continue;
      const after = now.get(name);
      if (!after || differs(before, after)) changed = true;
    }
    this.#before = now;
    return changed;
  }
}

function differs(before: PortState, after: PortState): boolean {
  return (before.number !== undefined && before.number !== after.number) ||
    before.error !== after.error ||
    JSON.stringify(before.externalIds) !== JSON.stringify(after.externalIds);
}

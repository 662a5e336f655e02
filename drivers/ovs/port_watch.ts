/**
 * Notices ports of ours that change by another hand than ours, by comparing each picture of the switch with the one before; and
 * remembers those whose link was replaced, which ovs-vswitchd's userspace datapath does not mind: it goes on reading from the
 * link that is gone. Pure but for its memory.
 * @module
 */
import { UPLINK_OWNER } from "../../mod/agent/uplinks.ts";
import { vlanOf } from "./port_columns.ts";
import { type InterfaceView, OWNER, type PortView } from "./view.ts";

export class PortWatch {
  #before = new Map<string, PortView>();
  readonly #busy = new Map<string, number>();
  readonly #detached = new Set<string>();

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

  isBusy(name: string): boolean {
    return this.#busy.has(name);
  }

  /** Forgets, so that the next picture is compared with nothing. */
  reset(): void {
    this.#before.clear();
  }

  /** Whether the port's link vanished or was replaced since it was attached: it must be attached anew. */
  isDetached(name: string): boolean {
    return this.#detached.has(name);
  }

  /** Whether a port vanished or changed since the last picture. One that was attached only now is no news. */
  look(ports: readonly PortView[]): boolean {
    const now = new Map(ports.map((port) => [port.name, port]));
    let changed = false;
    for (const [name, before] of this.#before) {
      const after = now.get(name);
      if (before === after) continue;
      if (!after) this.#detached.delete(name);
      else if (lostLink(before, after)) this.#detached.add(name);
      if (!this.#busy.has(name) && (!after || differs(before, after))) changed = true;
    }
    this.#before = now;
    return changed;
  }
}

/** Another row of the same name is another attachment. A bond is not attached anew before the link is back: its others carry on. */
function lostLink({ uuid, interface: before, members }: PortView, after: PortView): boolean {
  if (uuid !== after.uuid) return false;
  if (after.members.length > 1) return members.some((member) => cameBack(member, after));
  const was = before?.linkIndex ?? 0;
  const is = after.interface?.linkIndex;
  return before?.type === "system" && was > 0 && is !== undefined && is !== was;
}

function cameBack({ uuid, linkIndex: was }: InterfaceView, after: PortView): boolean {
  const is = after.members.find((member) => member.uuid === uuid)?.linkIndex ?? 0;
  return was !== undefined && is > 0 && is !== was;
}

function differs(before: PortView, after: PortView): boolean {
  const number = before.interface?.number;
  return lostLink(before, after) ||
    (number !== undefined && number !== after.interface?.number) ||
    health(before) !== health(after) ||
    JSON.stringify(before.externalIds) !== JSON.stringify(after.externalIds);
}

/** What is said of a port; a carrier that comes or goes is news of uplinks alone. */
function health(port: PortView): string {
  const isUplink = port.externalIds[OWNER] === UPLINK_OWNER;
  const links = port.members.map(({ name, error, up }) => [name, error, ...(isUplink ? [up] : [])]);
  return JSON.stringify([vlanOf(port), links]);
}

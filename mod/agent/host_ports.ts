/**
 * The host's own ports: contivh0, the tunnel, the uplinks. A tunnel or uplink that cannot be had is no reason to leave the rest of the host
 * undone: it is remembered as trouble, and tried again with the next full comparison.
 * @module
 */
import { messageOf } from "../state/message_of.ts";
import type { DesiredState } from "./desired_state.ts";
import type { Kernel } from "./kernel.ts";
import { type PortSpec, type PortState, type Switch, SwitchError } from "./switch.ts";
import { linksOf, UPLINK_OWNER, uplinkHindrance } from "./uplinks.ts";

export interface HostPortsDeps {
  readonly switch: Switch;
  readonly kernel: Kernel;
  readonly desired: DesiredState;
}

export class HostPorts {
  #tunnelTrouble: string | undefined;
  #uplinkTrouble: string | undefined;

  constructor(private readonly deps: HostPortsDeps) {}

  /** Why there are no tunnels; undefined when there are, or none is wanted. */
  get tunnelTrouble(): string | undefined {
    return this.#tunnelTrouble;
  }

  /** Why the uplinks could not be taken; undefined when they were, or none is wanted. */
  get uplinkTrouble(): string | undefined {
    return this.#uplinkTrouble;
  }

  /** `orphans`: ports of ours that nobody wants any more. */
  async apply(orphans: readonly string[], signal: AbortSignal): Promise<void> {
    const { desired } = this.deps;
    const uplink = desired.host?.uplink;
    const tunnels = desired.hostPorts().filter(({ type }) => type === "vxlan");
    const others = desired.hostPorts().filter((port) => port !== uplink && port.type !== "vxlan");
    const present = new Map(this.deps.switch.ports().map((port) => [port.name, port]));
    const isUplink = (name: string) =>
      present.get(name)?.externalIds["contiv-owner"] === UPLINK_OWNER;
    const kept = uplink ? orphans.filter(isUplink) : [];
    await this.deps.switch.applyPorts(
      others,
      orphans.filter((name) => !kept.includes(name)),
      signal,
    );
    this.#tunnelTrouble = await troubleOf(
      "Containers on other hosts cannot be reached",
      () => this.deps.switch.applyPorts(tunnels, [], signal),
    );
    this.#uplinkTrouble = uplink && await troubleOf(
      "VLAN networks stay on this host",
      () => this.#takeUplink(uplink, kept, present, signal),
    );
  }

  /** Links that are not yet ours must have no use of their own. What `replaces` has goes in the same change. */
  async #takeUplink(
    uplink: PortSpec,
    replaces: readonly string[],
    present: ReadonlyMap<string, PortState>,
    signal: AbortSignal,
  ): Promise<void> {
    const ours = [uplink.name, ...replaces].flatMap((name) => present.get(name)?.members ?? [])
      .filter(({ number }) => number !== undefined).map(({ name }) => name);
    const uses = await this.deps.kernel.linkUses(linksOf(uplink));
    const hindrance = uplinkHindrance(uses.filter(({ name }) => !ours.includes(name)));
    if (hindrance !== undefined) throw new SwitchError("port-refused", hindrance);
    for (const { name, up } of uses) if (!up) await this.deps.kernel.bringUp(name);
    await this.deps.switch.applyPorts([uplink], replaces, signal);
  }
}

async function troubleOf(what: string, work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return `${what}: ${messageOf(error)}`;
  }
}

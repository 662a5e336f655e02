/**
 * How tunnels and uplinks fare: what is wrong with them is said once, and what the physical network may have forgotten is announced again.
 * @module
 */
import type { Announcer } from "./announcer.ts";
import type { DesiredState } from "./desired_state.ts";
import type { HostPorts } from "./host_ports.ts";
import type { Log } from "./log.ts";
import type { PortState, Switch } from "./switch.ts";
import { ROUTED_VLANS, uplinkTrouble, workingUplinks } from "./uplinks.ts";

export interface HostPortsHealthDeps {
  readonly switch: Switch;
  readonly desired: DesiredState;
  readonly announcer: Announcer;
  readonly log: Log;
  readonly hostPorts: Pick<HostPorts, "tunnelTrouble" | "uplinkTrouble">;
  /** Why the underlay cannot tunnel; undefined: nothing is known to hinder it. */
  readonly underlayTrouble: string | undefined;
}

export class HostPortsHealth {
  readonly #said = new Set<string>();
  #arpMode: string | undefined;
  #workingUplinks = 0;

  constructor(private readonly deps: HostPortsHealthDeps) {}

  /** Why containers of other hosts cannot be reached; undefined when they can, or there is no other host. */
  get tunnelTrouble(): string | undefined {
    const { desired, hostPorts, underlayTrouble } = this.deps;
    const tunnels = desired.hostPorts().some(({ type }) => type === "vxlan");
    return tunnels ? hostPorts.tunnelTrouble ?? underlayTrouble : undefined;
  }

  /** Why VLAN networks do not reach other machines, or not by all of the uplinks; undefined: they do, or there are none. */
  get uplinkTrouble(): string | undefined {
    const { desired, hostPorts } = this.deps;
    const hasVlans = [...desired.endpoints()].some(({ network }) => network.pktTagType === "vlan");
    if (desired.host?.pipeline.forwarding === "routing") return hasVlans ? ROUTED_VLANS : undefined;
    return hostPorts.uplinkTrouble ?? uplinkTrouble(desired.host?.uplink, this.uplink, hasVlans);
  }

  /** The port that carries VLAN networks to other machines, as the switch has it. */
  get uplink(): PortState | undefined {
    const name = this.deps.desired.host?.uplink?.name;
    return name === undefined
      ? undefined
      : this.deps.switch.ports().find((port) => port.name === name);
  }

  /** After anything that may have changed them. */
  look(): void {
    const { desired, announcer, log } = this.deps;
    const troubles = [this.tunnelTrouble, this.uplinkTrouble].filter((it) => it !== undefined);
    for (const trouble of troubles) {
      if (!this.#said.has(trouble)) log.warn("{trouble}", { trouble });
    }
    this.#said.clear();
    for (const trouble of troubles) this.#said.add(trouble);
    const working = workingUplinks(this.uplink);
    const arpMode = desired.host?.pipeline.arpMode;
    const unanswered = this.#arpMode === "proxy" && arpMode === "flood";
    if (working > this.#workingUplinks || unanswered) announcer.again();
    this.#workingUplinks = working;
    this.#arpMode = arpMode;
  }
}

/**
 * Port and link of single endpoints. Endpoints of one port's name follow each other: each finds nothing of the last one's, and takes
 * nothing of the next one's away.
 * @module
 */
import { messageOf } from "../state/message_of.ts";
import { Departures } from "./departures.ts";
import type { Wiring } from "./desired_endpoint.ts";
import type { LinkKeeper } from "./link_keeper.ts";
import { portOfLink } from "./link_names.ts";
import type { Log } from "./log.ts";
import { KeyedSerial } from "./serial.ts";
import { settled } from "./settled.ts";
import type { Switch } from "./switch.ts";

export interface EndpointWiresDeps {
  readonly switch: Pick<Switch, "applyPorts" | "detachPorts" | "ports">;
  readonly links: Pick<LinkKeeper, "ensure" | "isAnothers" | "delete" | "deletions">;
  readonly log: Log;
}

export class EndpointWires {
  /** By name of the port: its number may be the next endpoint's before the last one's port is gone. */
  readonly #turns = new KeyedSerial();
  readonly #departures = new Departures();

  constructor(private readonly deps: EndpointWiresDeps) {}

  /** The port comes while the container's end is set up, which ovs-vswitchd knows nothing of. */
  attach({ link, port }: Wiring, signal: AbortSignal): Promise<void> {
    return this.#turns.run(port.name, async () => {
      await this.#departures.of(port.name);
      const { promise: present, resolve, reject } = Promise.withResolvers<void>();
      const whole = link ? this.deps.links.ensure(link, resolve) : Promise.resolve(resolve());
      whole.catch(reject);
      await settled([
        whole,
        present.then(() => this.deps.switch.applyPorts([port], [], signal)),
      ]);
    });
  }

  /** Resolves when the database has no port of `owner`; its link goes when ovs-vswitchd has let go of it. */
  detach(owner: string, wiring: Wiring, signal: AbortSignal): Promise<void> {
    const { name } = wiring.port;
    return this.#turns.run(name, async () => {
      const port = this.deps.switch.ports().find((it) => it.name === name);
      if (port?.externalIds["contiv-owner"] !== owner) return this.#leave(wiring);
      const { released } = await this.deps.switch.detachPorts([name], signal);
      this.#departures.begin(name, released, (error) => this.#leave(wiring, error));
    });
  }

  /** Deletes a link, and says when it cannot be. */
  deleteLink(name: string): void {
    this.deps.links.delete(name).catch((error) =>
      this.deps.log.warn("Could not delete link {link}: {error}", {
        link: name,
        error: messageOf(error),
      })
    );
  }

  /** Numbers whose port or link is still being taken away. */
  busyPorts(): ReadonlySet<number> {
    const names = [...this.#departures.ports(), ...this.deps.links.deletions()];
    return new Set(names.map(portOfLink).filter((number) => number !== undefined));
  }

  /** Resolves when ovs-vswitchd has let go of all that was detached. */
  idle(): Promise<void> {
    return this.#departures.all();
  }

  #leave({ link, port }: Wiring, error?: unknown): void {
    if (error !== undefined) {
      this.deps.log.warn("Open vSwitch does not let go of port {port}: {error}", {
        port: port.name,
        error: messageOf(error),
      });
    }
    if (link && !this.deps.links.isAnothers(link)) this.deleteLink(link.hostLink);
  }
}

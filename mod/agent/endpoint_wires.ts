/**
 * Port and link of single endpoints. Endpoints of one port's name follow each other: each finds nothing of the last one's, and takes
 * nothing of the next one's away.
 * @module
 */
import { messageOf } from "../state/message_of.ts";
import type { Wiring } from "./desired_endpoint.ts";
import type { LinkKeeper } from "./link_keeper.ts";
import { portOfLink } from "./link_names.ts";
import type { Log } from "./log.ts";
import { KeyedSerial } from "./serial.ts";
import { settled } from "./settled.ts";
import type { Detachment, Switch } from "./switch.ts";

/**
 * Up to this many ports are asked for while the container's end is still set up, of which ovs-vswitchd hears no more than that its own end
 * has a carrier. Among many it goes over its bridge for longer than that takes, and often once more before it takes the port: with 1,000
 * an attachment took 139 to 180 ms, 130 when the port was asked for last; with 10 it took 9.6 ms, and 10.4.
 */
const FEW_PORTS = 100;

export interface EndpointWiresDeps {
  readonly switch: Pick<Switch, "applyPorts" | "detachPorts" | "ports">;
  readonly links: Pick<LinkKeeper, "ensure" | "isAnothers" | "delete" | "deletions" | "count">;
  readonly log: Log;
}

export class EndpointWires {
  /** By name of the port: its number may be the next endpoint's before the last one's port is gone. */
  readonly #turns = new KeyedSerial();

  constructor(private readonly deps: EndpointWiresDeps) {}

  /** Resolves when the port has its link, and that is whole. */
  attach({ link, port }: Wiring, signal: AbortSignal): Promise<void> {
    return this.#turns.run(port.name, async () => {
      const { links } = this.deps;
      const { promise: present, resolve, reject } = Promise.withResolvers<void>();
      const early = links.count < FEW_PORTS ? resolve : undefined;
      const whole = link ? links.ensure(link, early) : Promise.resolve();
      whole.then(resolve, reject);
      await settled([
        whole,
        present.then(() => this.deps.switch.applyPorts([port], [], signal)),
      ]);
    });
  }

  /**
   * Resolves when the database has no port of `owner`, before ovs-vswitchd has let go of it: its link is deleted after that, and an
   * endpoint that wants the same names waits for the deletion.
   */
  detach(owner: string, { link, port: { name } }: Wiring, signal: AbortSignal): Promise<void> {
    return this.#turns.run(name, async () => {
      const { released } = await this.#detachPort(owner, name, signal);
      if (!link) await released;
      else if (!this.deps.links.isAnothers(link)) this.deleteLink(link.hostLink, released);
    });
  }

  /** Deletes a link after `released`, and says when it cannot be. */
  deleteLink(name: string, released?: Promise<void>): void {
    this.deps.links.delete(name, released).catch((error) =>
      this.deps.log.warn("Could not delete link {link}: {error}", {
        link: name,
        error: messageOf(error),
      })
    );
  }

  /** Numbers whose port or link is still being taken away. */
  busyPorts(): ReadonlySet<number> {
    const links = [...this.deps.links.deletions()];
    return new Set(links.map(portOfLink).filter((number) => number !== undefined));
  }

  async #detachPort(owner: string, name: string, signal: AbortSignal): Promise<Detachment> {
    const port = this.deps.switch.ports().find((it) => it.name === name);
    if (port?.externalIds["contiv-owner"] !== owner) return { released: Promise.resolve() };
    const { released } = await this.deps.switch.detachPorts([name], signal);
    const late = (error: unknown) =>
      this.deps.log.warn("Open vSwitch does not let go of port {port}: {error}", {
        port: name,
        error: messageOf(error),
      });
    return { released: released.catch(late) };
  }
}

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

export interface EndpointWiresDeps {
  readonly switch: Pick<Switch, "applyPorts" | "detachPorts" | "ports">;
  readonly links: Pick<LinkKeeper, "ensure" | "isAnothers" | "delete" | "deletions">;
  readonly log: Log;
}

export class EndpointWires {
  /** By name of the port: its number may be the next endpoint's before the last one's port is gone. */
  readonly #turns = new KeyedSerial();

  constructor(private readonly deps: EndpointWiresDeps) {}

  /** The port comes while the container's end is set up, which ovs-vswitchd knows nothing of. */
  attach({ link, port }: Wiring, signal: AbortSignal): Promise<void> {
    return this.#turns.run(port.name, async () => {
      const { promise: present, resolve, reject } = Promise.withResolvers<void>();
      const whole = link ? this.deps.links.ensure(link, resolve) : Promise.resolve(resolve());
      whole.catch(reject);
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

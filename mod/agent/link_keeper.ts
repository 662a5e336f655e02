/**
 * The host's endpoint links as this process knows them. A pair that exists is not touched again, but that the switch's end is set up when
 * somebody set it down: its container end may be in a sandbox, renamed and addressed by its orchestrator. Deletions run beside everything else, and a name is not reused before they end.
 * @module
 */
import { type EndpointLinkSpec, type Kernel, KernelError, type LinkState } from "./kernel.ts";
import { isOurAlias, isSwitchLink } from "./link_names.ts";
import { KeyedSerial } from "./serial.ts";

export class LinkKeeper {
  /** Alias by host link. */
  readonly #links = new Map<string, string>();
  readonly #deletions = new Map<string, Promise<void>>();
  /** How many removals of a name are still to be told that are our own doing: a namesake may be there by then. */
  readonly #expected = new Map<string, number>();

  /** By name: a pair that is being made for one endpoint may be in the way of the next. */
  readonly #turns = new KeyedSerial();

  constructor(private readonly kernel: Kernel) {}

  /** Looks at the host's links anew; returns those of ours. What is being deleted counts as gone. */
  async observe(): Promise<ReadonlyMap<string, string>> {
    const leaving = new Set(this.#deletions.keys());
    const links = await this.kernel.links();
    this.#links.clear();
    for (const link of links.filter(isOurs)) {
      if (leaving.has(link.name)) continue;
      this.#links.set(link.name, link.alias ?? "");
      if (!link.up) await this.kernel.bringUp(link.name);
    }
    return this.#links;
  }

  #has(spec: EndpointLinkSpec): boolean {
    return this.#links.get(spec.hostLink) === spec.alias;
  }

  /** A link of that name is there, but for another endpoint. */
  isAnothers({ hostLink, alias }: EndpointLinkSpec): boolean {
    const present = this.#links.get(hostLink);
    return present !== undefined && present !== alias;
  }

  /** Makes the pair unless it is there. Another endpoint's left-over pair of the same name is deleted first. `present`: as the kernel's. */
  ensure(spec: EndpointLinkSpec, present?: () => void): Promise<void> {
    return this.#turns.run(spec.hostLink, () => this.#ensure(spec, present));
  }

  async #ensure(spec: EndpointLinkSpec, present?: () => void): Promise<void> {
    if (this.#has(spec)) return present?.();
    if (this.#links.has(spec.hostLink)) this.delete(spec.hostLink);
    await this.#deletions.get(spec.hostLink);
    await this.#create(spec, present);
    this.#links.set(spec.hostLink, spec.alias);
  }

  /** A namespace that was just detached has its interface until the deletion is through, and is attached again after that. */
  async #create(spec: EndpointLinkSpec, present?: () => void): Promise<void> {
    try {
      await this.kernel.createEndpointLink(spec, present);
    } catch (error) {
      const taken = error instanceof KernelError && error.code === "exists";
      if (!taken || this.#deletions.size === 0) throw error;
      await this.idle();
      await this.kernel.createEndpointLink(spec, present);
    }
  }

  /** Deletes it after `released`. From now on it counts as gone, and who wants its name waits. Repeated calls share one deletion. */
  delete(hostLink: string, released = Promise.resolve()): Promise<void> {
    const present = this.#links.delete(hostLink);
    const running = this.#deletions.get(hostLink);
    if (running) return running;
    if (present) this.#expected.set(hostLink, (this.#expected.get(hostLink) ?? 0) + 1);
    const deletion = released.then(() => this.kernel.deleteEndpointLink(hostLink))
      .catch((error) => {
        this.#expected.delete(hostLink);
        throw error;
      })
      .finally(() => this.#deletions.delete(hostLink));
    this.#deletions.set(hostLink, deletion);
    return deletion;
  }

  /** How many endpoint links there are. */
  get count(): number {
    return this.#links.size;
  }

  /** Host links whose deletion is under way. */
  deletions(): Iterable<string> {
    return this.#deletions.keys();
  }

  /** Resolves when no deletion is under way, however they end. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#deletions.values());
  }

  /** The kernel says that a link is gone. Returns whether it was one that we counted on. */
  vanished(name: string): boolean {
    const expected = this.#expected.get(name) ?? 0;
    if (expected === 0) return this.#links.delete(name);
    if (expected > 1) this.#expected.set(name, expected - 1);
    else this.#expected.delete(name);
    return false;
  }

  /** Events were lost, those among them that were expected. */
  forgetExpected(): void {
    this.#expected.clear();
  }

  /** Whether a link of this name is counted on. */
  counts(name: string): boolean {
    return this.#links.has(name);
  }
}

function isOurs({ name, alias, unfinished }: LinkState): boolean {
  return isSwitchLink(name) && (isOurAlias(alias) || unfinished === true);
}

/**
 * The host's endpoint links as this process knows them. A pair that exists is never touched again: its container end may be in a
 * sandbox, renamed and addressed by its orchestrator. Deletions run beside everything else, and a name is not reused before they end.
 * @module
 */
import type { EndpointLinkSpec, Kernel, LinkState } from "./kernel.ts";
import { isOurAlias, isSwitchLink } from "./link_names.ts";

export class LinkKeeper {
  /** Alias by host link. */
  readonly #links = new Map<string, string>();
  readonly #deletions = new Map<string, Promise<void>>();

  constructor(private readonly kernel: Kernel) {}

  /** Looks at the host's links anew; returns those of ours. */
  async observe(): Promise<ReadonlyMap<string, string>> {
    const links = await this.kernel.links();
    this.#links.clear();
    for (const link of links.filter(isOurs)) this.#links.set(link.name, link.alias ?? "");
    return this.#links;
  }

  has(spec: EndpointLinkSpec): boolean {
    return this.#links.get(spec.hostLink) === spec.alias;
  }

  /** Makes the pair unless it is there. Another endpoint's left-over pair of the same name is deleted first. */
  async ensure(spec: EndpointLinkSpec): Promise<void> {
    if (this.has(spec)) return;
    if (this.#links.has(spec.hostLink)) this.delete(spec.hostLink);
    await this.#deletions.get(spec.hostLink);
    await this.kernel.createEndpointLink(spec);
    this.#links.set(spec.hostLink, spec.alias);
  }

  /** Starts the deletion and returns its end. Repeated calls share it. */
  delete(hostLink: string): Promise<void> {
    this.#links.delete(hostLink);
    const running = this.#deletions.get(hostLink);
    if (running) return running;
    const deletion = this.kernel.deleteEndpointLink(hostLink)
      .finally(() => this.#deletions.delete(hostLink));
    this.#deletions.set(hostLink, deletion);
    return deletion;
  }

  /** The kernel says that a link is gone. Returns whether it was one that we counted on. */
  vanished(name: string): boolean {
    return this.#links.delete(name);
  }
}

function isOurs(link: LinkState): boolean {
  return isSwitchLink(link.name) && isOurAlias(link.alias);
}

/**
 * Deletes endpoint links. Each deletion makes the kernel wait for an RCU grace period (~20 ms), so those that are asked for while one is
 * under way are put into one link group and deleted together, in one such wait.
 * @module
 */
import { KernelError } from "../../mod/agent/kernel.ts";
import { changeLink, deleteLink, deleteLinkGroup, findLink, type Link } from "./link.ts";
import { errnoOf } from "./errno.ts";
import { checkLinkName, LINK_GROUP } from "./names.ts";
import type { NetlinkSocket } from "./netlink/socket.ts";

/** Holds only links that are about to be deleted. Every agent (one a host) has it to itself. */
const DOOMED_GROUP = LINK_GROUP + 1;

/** Acknowledgements of a batch must fit the socket's receive buffer together. */
const BATCH_LINKS = 64;

interface Waiting {
  readonly link: Link;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Deletions {
  readonly #socket: NetlinkSocket;
  #waiting: Waiting[] = [];
  #running = false;

  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** Resolves when the link is gone; an absent one is fine. Refuses a link that we did not make. */
  async delete(hostLink: string): Promise<void> {
    const link = await findLink(this.#socket, checkLinkName(hostLink));
    if (!link) return;
    if (!isOurs(link)) {
      throw new KernelError(
        "invalid",
        `will not delete link ${hostLink}: it is not an endpoint link of ours (kind ${
          link.kind ?? "physical"
        }, alias ${link.alias ?? "none"}); if it is not used: ip link delete ${hostLink}`,
      );
    }
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ link, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#deleteAll(batch.map(({ link }) => link));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = false;
  }

  async #deleteAll(links: readonly Link[]): Promise<void> {
    const [only] = links;
    if (only && links.length === 1) {
      return await this.#socket.apply([deleteLink(only.index, only.name)]);
    }
    for (let at = 0; at < links.length; at += BATCH_LINKS) {
      await this.#socket.apply(
        links.slice(at, at + BATCH_LINKS).map(({ index, name }) => ({
          ...changeLink(index, name, { group: DOOMED_GROUP }),
          tolerate: [errnoOf("ENODEV")],
        })),
      );
    }
    await this.#socket.apply([deleteLinkGroup(DOOMED_GROUP)]);
  }
}

function isOurs(link: Link): boolean {
  return link.kind === "veth" &&
    (link.group === LINK_GROUP || link.group === DOOMED_GROUP);
}

/**
 * All endpoints of the cluster by network and by the host that carries them, so that what one change concerns is found without a look at
 * the others. Endpoints that are only registered are left out: nobody carries them.
 * @module
 */
import type { EndpointState } from "../model/records.ts";
import { ENDPOINTS } from "../state/keys.ts";
import { decode, type Snapshot } from "../state/snapshot.ts";

const NONE: ReadonlySet<string> = new Set();

export class EndpointIndex {
  readonly #all = new Map<string, EndpointState>();
  /** Network id → host label → endpoint ids. */
  readonly #networks = new Map<string, Map<string, Set<string>>>();
  readonly #hosts = new Map<string, Set<string>>();

  get(id: string): EndpointState | undefined {
    return this.#all.get(id);
  }
  /** Ids of the endpoints that the snapshot has otherwise than the index, or not at all. */
  outdated(snapshot: Snapshot): Set<string> {
    const ids = new Set(this.#all.keys());
    for (const item of snapshot.list(ENDPOINTS)) {
      const id = item.key.slice(ENDPOINTS.length);
      if (this.#all.get(id) === decode<EndpointState>(item)) ids.delete(id);
      else ids.add(id);
    }
    return ids;
  }

  /** Returns whether the network has, by this, got or lost a host that carries an endpoint of it. */
  set(id: string, endpoint: EndpointState | undefined): boolean {
    const before = this.#all.get(id);
    const after = endpoint?.attachment.kind === "external" ? undefined : endpoint;
    if (before === after) return false;
    if (after) this.#all.set(id, after);
    else this.#all.delete(id);
    if (before?.netID === after?.netID && before?.homingHost === after?.homingHost) return false;
    const left = before !== undefined && this.#remove(before);
    const joined = after !== undefined && this.#add(after);
    return left || joined;
  }

  ofHost(label: string): Iterable<string> {
    return this.#hosts.get(label) ?? NONE;
  }

  *ofNetwork(netID: string): Iterable<string> {
    for (const ids of this.#networks.get(netID)?.values() ?? []) yield* ids;
  }

  /** Endpoints of the network that this host carries. */
  ofNetworkOn(netID: string, label: string): Iterable<string> {
    return this.#networks.get(netID)?.get(label) ?? NONE;
  }

  /** Labels of the hosts that carry an endpoint of the network. */
  carriers(netID: string): Iterable<string> {
    return this.#networks.get(netID)?.keys() ?? NONE;
  }

  clear(): void {
    this.#all.clear();
    this.#networks.clear();
    this.#hosts.clear();
  }

  #add({ id, netID, homingHost }: EndpointState): boolean {
    const hosts = this.#networks.get(netID) ?? new Map<string, Set<string>>();
    this.#networks.set(netID, hosts);
    this.#hosts.set(homingHost, (this.#hosts.get(homingHost) ?? new Set()).add(id));
    const first = !hosts.has(homingHost);
    hosts.set(homingHost, (hosts.get(homingHost) ?? new Set()).add(id));
    return first;
  }

  #remove({ id, netID, homingHost }: EndpointState): boolean {
    const onHost = this.#hosts.get(homingHost);
    onHost?.delete(id);
    if (onHost?.size === 0) this.#hosts.delete(homingHost);
    const hosts = this.#networks.get(netID);
    const ids = hosts?.get(homingHost);
    ids?.delete(id);
    if (!hosts || ids?.size !== 0) return false;
    hosts.delete(homingHost);
    if (hosts.size === 0) this.#networks.delete(netID);
    return true;
  }
}

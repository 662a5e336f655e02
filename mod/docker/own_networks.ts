/**
 * Which changes of the store may change what one engine's networks should be. A record of Docker's networks names every host that has one: all
 * but the engine's own entries are news for others, or each new network would make every engine list its networks once for every host.
 * @module
 */
import type { DockerNetworkState } from "../model/records.ts";
import { DOCKER_NETWORKS, GROUPS, MASTER_CONFIG, NETWORKS } from "../state/keys.ts";
import { read, type Snapshot } from "../state/snapshot.ts";
import { CLUSTER_STORE, idsOf, SWARM } from "./mapping.ts";

export class OwnNetworks {
  /** The engine's own entries, by key. */
  readonly #seen = new Map<string, string>();
  readonly #holders: readonly string[];

  /** `snapshot`: what the engine is first looked at with. */
  constructor(holder: string, snapshot: Snapshot) {
    this.#holders = [holder, SWARM, CLUSTER_STORE];
    for (const { key } of snapshot.list(DOCKER_NETWORKS)) this.#changed(snapshot, key);
  }

  /** Takes in what changed; returns whether the engine is to be looked at. */
  concerned(snapshot: Snapshot, keys: Iterable<string>): boolean {
    let concerned = false;
    for (const key of keys) {
      if (key.startsWith(DOCKER_NETWORKS)) concerned = this.#changed(snapshot, key) || concerned;
      else if (key === MASTER_CONFIG || key.startsWith(NETWORKS) || key.startsWith(GROUPS)) {
        concerned = true;
      }
    }
    return concerned;
  }

  #changed(snapshot: Snapshot, key: string): boolean {
    const record = read<DockerNetworkState>(snapshot, key);
    const now = JSON.stringify(this.#holders.map((holder) => record ? idsOf(record, holder) : []));
    const before = this.#seen.get(key) ?? JSON.stringify(this.#holders.map(() => []));
    if (record) this.#seen.set(key, now);
    else this.#seen.delete(key);
    return now !== before;
  }
}

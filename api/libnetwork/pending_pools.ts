/**
 * What RequestPool resolved, until CreateNetwork follows: the engine tells IPAM options (`--ipam-opt network=…`) to the first only,
 * and the pool to both. Lost in a restart, which is safe: CreateNetwork then asks for `-o network=…`.
 * @module
 */
import type { NetworkRef } from "../../mod/agent/endpoint_service.ts";
import { formatPrefix, type Prefix } from "../../mod/net/prefix.ts";
import { poolNameOf } from "../../mod/docker/pool_id.ts";

/** An engine creates the network within seconds of asking for its pool. */
const LIFETIME = 60_000;
const LIMIT = 1024;

interface Pending {
  readonly pool: string;
  readonly ref: NetworkRef;
  readonly until: number;
}

export class PendingPools {
  readonly #pending = new Map<string, Pending>();

  constructor(readonly now: () => number) {}

  add(prefix: Prefix, ref: NetworkRef): void {
    this.#expire();
    const pool = formatPrefix(prefix);
    const key = `${pool} ${poolNameOf(ref)}`;
    this.#pending.delete(key);
    this.#pending.set(key, { pool, ref, until: this.now() + LIFETIME });
    const [oldest] = this.#pending.keys();
    if (this.#pending.size > LIMIT && oldest !== undefined) this.#pending.delete(oldest);
  }

  /** The networks and groups whose pool `prefix` was asked for just now. More than one: only the user knows which is meant. */
  candidates(prefix: Prefix): NetworkRef[] {
    this.#expire();
    const pool = formatPrefix(prefix);
    return [...this.#pending.values()].filter((entry) => entry.pool === pool)
      .map((entry) => entry.ref);
  }

  /** The network was created, or the pool released. */
  remove(prefix: Prefix, name: string): void {
    this.#pending.delete(`${formatPrefix(prefix)} ${name}`);
  }

  #expire(): void {
    const now = this.now();
    for (const [key, { until }] of this.#pending) {
      if (until <= now) this.#pending.delete(key);
    }
  }
}

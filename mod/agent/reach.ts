/**
 * Which networks this host's endpoints can reach: all of their tenants' in routing mode, their own in bridge mode. Counts the endpoints, so
 * that one more or less costs no look at the others.
 * @module
 */
import type { NetworkState } from "../model/records.ts";

export class Reach {
  readonly #tenantOf = new Map<string, string>();
  readonly #networksOf = new Map<string, Set<string>>();
  /** Endpoints here by tenant in routing mode, by network id in bridge mode. */
  readonly #counts = new Map<string, number>();
  #forwarding: "routing" | "bridge" = "routing";

  /** Starts anew. */
  reset(forwarding: "routing" | "bridge"): void {
    this.#forwarding = forwarding;
    for (const part of [this.#tenantOf, this.#networksOf, this.#counts]) part.clear();
  }

  networks(): Iterable<string> {
    return this.#tenantOf.keys();
  }
  networksOf(tenant: string): Iterable<string> {
    return this.#networksOf.get(tenant) ?? [];
  }
  reaches({ id, tenant }: NetworkState): boolean {
    return this.#counts.has(this.#scope(id, tenant));
  }

  /** Takes in whose network it is; undefined: it is gone. */
  place(id: string, tenant: string | undefined): void {
    const before = this.#tenantOf.get(id);
    if (before === tenant) return;
    if (before !== undefined) {
      const rest = this.#networksOf.get(before);
      rest?.delete(id);
      if (rest?.size === 0) this.#networksOf.delete(before);
      this.#tenantOf.delete(id);
    }
    if (tenant === undefined) return;
    this.#tenantOf.set(id, tenant);
    this.#networksOf.set(tenant, (this.#networksOf.get(tenant) ?? new Set()).add(id));
  }

  /** One endpoint more, or less, of the network here. Returns the networks that are reached from now on, or no longer. */
  count({ id, tenant }: NetworkState, by: 1 | -1): Iterable<string> {
    const scope = this.#scope(id, tenant);
    const before = this.#counts.get(scope) ?? 0;
    const after = before + by;
    if (after > 0) this.#counts.set(scope, after);
    else this.#counts.delete(scope);
    if (before > 0 === after > 0) return [];
    return this.#forwarding === "routing" ? this.networksOf(tenant) : [id];
  }

  #scope(id: string, tenant: string): string {
    return this.#forwarding === "routing" ? tenant : id;
  }
}

/**
 * Leases as Consul sessions. A marker key is locked by the session and disappears with it; the records themselves are deleted by an
 * ordinary commit, of whichever process sees first that the marker is gone.
 * @module
 */
import { type LeaseId, type Operation, StoreError } from "../../../mod/state/store.ts";
import type { Tree } from "../../../mod/state/tree.ts";
import type { ConsulApi } from "./consul_api.ts";
import type { Committer } from "./committer.ts";
import { encodeJson } from "./log_format.ts";
import { leaseKey, LEASES } from "./names.ts";
import type { Replica } from "./replica.ts";

/** What Consul takes as a session's time to live. It may end the session up to as much later again. */
const SHORTEST_S = 10;
const LONGEST_S = 86_400;
const SESSION = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export class Leases {
  /** Consul's index of the markers at the last sweep that went through: it moves whenever one comes or goes. */
  #swept: number | undefined;

  constructor(
    private readonly api: ConsulApi,
    private readonly replica: Replica,
    private readonly committer: Committer,
  ) {}

  async grant(ttl: number, signal: AbortSignal): Promise<LeaseId> {
    const seconds = Math.min(LONGEST_S, Math.max(SHORTEST_S, Math.ceil(ttl / 1000)));
    const session = await this.api.createSession(seconds, signal);
    const marker = encodeJson({ ttl: seconds });
    if (await this.api.write(leaseKey(session), marker, session, signal)) return session;
    throw new StoreError("unavailable", "Consul ended the lease's session as soon as it was made");
  }

  async renew(lease: LeaseId, signal: AbortSignal): Promise<void> {
    if (!SESSION.test(lease) || !await this.api.renewSession(lease, signal)) throw gone(lease);
  }

  /** A crash in between is an expiry: others delete the records. */
  async revoke(lease: LeaseId, signal: AbortSignal): Promise<void> {
    const known = SESSION.test(lease) &&
      (await this.api.read(leaseKey(lease), { index: 0, wait: 0 }, signal)).pair;
    if (!known) throw gone(lease);
    await this.api.destroySession(lease, signal);
    await this.committer.commit((tree) => held(tree, (each) => each === lease), signal);
  }

  /** Deletes the records of leases that have ended. */
  async sweep(signal: AbortSignal): Promise<void> {
    // The index before the records: what ends while they are read moves it, and is looked at the next time.
    const { index } = await this.#markers(signal);
    if (index === this.#swept) return;
    // The records before the markers: a lease named by one of them had its marker then, so one that is missing now has ended.
    await this.replica.sync();
    const { keys } = await this.#markers(signal);
    const live = new Set(keys.map((key) => key.slice(LEASES.length)));
    const ended = new Set(
      this.replica.tree.list("").flatMap((item) =>
        item.lease !== undefined && !live.has(item.lease) ? item.lease : []
      ),
    );
    if (ended.size > 0) {
      await this.committer.commit((tree) => held(tree, (lease) => ended.has(lease)), signal);
    }
    this.#swept = index;
  }

  #markers(signal: AbortSignal): Promise<{ keys: string[]; index: number }> {
    return this.api.keys(LEASES, { index: 0, wait: 0 }, signal);
  }
}

function held(tree: Tree, ended: (lease: LeaseId) => boolean): Operation[] {
  return tree.list("").filter((item) => item.lease !== undefined && ended(item.lease))
    .map(({ key }) => ({ type: "delete", key }));
}

function gone(lease: LeaseId): StoreError {
  return new StoreError("lease-not-found", `the lease ${lease.slice(0, 40)} has expired`);
}

/**
 * Pools promised to networks that are about to be made: they live from RequestPool to CreateNetwork, or to ReleasePool.
 * @module
 */
import type { Allocation } from "../model/records.ts";
import { formatPrefix, type Prefix } from "../net/prefix.ts";
import { ALLOCATIONS } from "../state/keys.ts";
import { read, readAll, type Snapshot } from "../state/snapshot.ts";

/** A pool promised to the network that a `docker network create` is about to make. */
export interface PoolReservation extends Allocation {
  readonly tenant: string;
  readonly subnet: string;
  /** `first-last` of `--ip-range`. */
  readonly range?: string;
}

/** Older than this, a reservation is a crash's remainder and counts no longer. */
export const RESERVATION_LIFETIME = 10 * 60_000;

export const RESERVATIONS = `${ALLOCATIONS}docker-pool/`;

/** Reservations are few and short-lived; `/` of the CIDR would make a level of its own. */
export function reservationKey(tenant: string, prefix: Prefix): string {
  return `${RESERVATIONS}${tenant}/${formatPrefix(prefix).replace("/", "-")}`;
}

/** The reservation of a pool that CreateNetwork is about to use. */
export function findReservation(
  snapshot: Snapshot,
  tenant: string,
  prefix: Prefix,
): PoolReservation | undefined {
  return read<PoolReservation>(snapshot, reservationKey(tenant, prefix));
}

/** Those that count at `now`. */
export function liveReservations(snapshot: Snapshot, now: number): PoolReservation[] {
  return readAll<PoolReservation>(snapshot, RESERVATIONS)
    .filter((reservation) => now - reservation.created < RESERVATION_LIFETIME);
}

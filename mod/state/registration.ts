/**
 * Which masters and agents run: a record each under /contiv.io/service, where the original had it, that lives as long as its process
 * renews its lease. A master's is for people and for `/info`; an agent's is also its host's claim to a label (mod/intent/host.ts).
 * @module
 */
import type { Bell } from "./bell.ts";
import { LOCKS, SERVICES } from "./keys.ts";
import { keepLease } from "./leases.ts";
import { readAll, type Snapshot } from "./snapshot.ts";
import { type LeaseId, type Operation, type Store, StoreError } from "./store.ts";
import { aborted, backoff, type Timing } from "./timing.ts";

/** "netplugin.vtep" is where an agent's tunnels end. */
export type ServiceName = "netmaster" | "netplugin" | "netplugin.vtep";

/** The original's record, and `Identity` of ours. */
export interface ServiceRecord {
  readonly ServiceName: ServiceName;
  /** Who holds the leader lock, for the original's clients: every master accepts writes. Agents have no role. */
  readonly Role: "leader" | "follower" | "";
  readonly Version: string;
  /** Seconds. */
  readonly TTL: number;
  /** Address without port. */
  readonly HostAddr: string;
  readonly Port: number;
  /** The host label. */
  readonly Hostname: string;
  /** An agent's: of its host, as in HostState. */
  readonly Identity?: string;
}

/** The lock, below LOCKS, of the one master that leads; its value is that master's `ip:port`, as in the original. */
export const LEADER = "netmaster/leader";

/** `ip:port` of the master that leads; undefined while none does. */
export function leaderAddress(snapshot: Snapshot): string | undefined {
  return snapshot.get(LOCKS + LEADER)?.value;
}

/** Milliseconds without a renewal after which a record disappears, as the original's did. */
export const TTL_MS = 10_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/** The port that the original's agents listened on for their masters. Ours listen on none: it only keeps the key's form. */
export const AGENT_PORT = 9002;

export function serviceRecord(
  service: ServiceName,
  at: { readonly address: string; readonly port: number; readonly host: string },
  version: string,
  role: ServiceRecord["Role"] = service === "netmaster" ? "follower" : "",
): ServiceRecord {
  return {
    ServiceName: service,
    Role: role,
    Version: version,
    TTL: TTL_MS / 1000,
    HostAddr: at.address,
    Port: at.port,
    Hostname: at.host,
  };
}

/** `/contiv.io/service/netplugin/10.0.0.1:9002` */
export function serviceKey({ ServiceName, HostAddr, Port }: ServiceRecord): string {
  return `${SERVICES}${ServiceName}/${HostAddr}:${Port}`;
}

/** `lease` ends it. */
export function registrationPut(record: ServiceRecord, lease: LeaseId): Operation {
  return { type: "put", key: serviceKey(record), value: JSON.stringify(record), lease };
}

/** Those that run, or ran less than 10 s ago, sorted by address. */
export function registeredServices(snapshot: Snapshot, service: ServiceName): ServiceRecord[] {
  return readAll<ServiceRecord>(snapshot, `${SERVICES}${service}/`);
}

/** What a process registers, and how it hears of what becomes of that. */
export interface Registration {
  /** Asked again whenever `changed` rings. All of a process's records live by one lease. */
  readonly records: () => readonly ServiceRecord[];
  readonly changed?: Bell;
  /** Called for each failure; undefined: registered, all is well. */
  readonly trouble: (error: StoreError | undefined) => void;
}

/**
 * Keeps the records in the store until `signal` aborts, then withdraws them; registers anew after the lease was lost. Rejects for nothing
 * that a store can do: `trouble` hears of it.
 */
export async function keepRegistered(
  store: Store,
  registration: Registration,
  timing: Timing,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted;) {
    try {
      const lease = await keepLease(store, TTL_MS, signal, timing);
      try {
        const end = AbortSignal.any([signal, lease.lost]);
        while (!end.aborted) {
          const news = registration.changed?.next(end) ?? aborted(end);
          const puts = registration.records().map((record) => ({
            type: "put" as const,
            key: serviceKey(record),
            value: JSON.stringify(record),
            lease: lease.id,
          }));
          await store.transact([], puts, { signal: end });
          failures = 0;
          registration.trouble(undefined);
          await news;
        }
      } finally {
        await lease.release();
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof StoreError)) throw error;
      registration.trouble(error);
      const pause = backoff(failures++, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, timing.random());
      await timing.delay(pause, signal);
    }
  }
}

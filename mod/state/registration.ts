/**
 * Which masters and agents run: a record each under /contiv.io/service, where the original had it, that lives as long as its process
 * renews its lease. It is for people and for `/info`; nothing is decided by it.
 * @module
 */
import { SERVICES } from "./keys.ts";
import { keepLease } from "./leases.ts";
import { readAll, type Snapshot } from "./snapshot.ts";
import { type Store, StoreError } from "./store.ts";
import { backoff, type Timing } from "./timing.ts";

export type ServiceName = "netmaster" | "netplugin";

/** The original's record. */
export interface ServiceRecord {
  readonly ServiceName: ServiceName;
  /** Every master accepts writes, so each is a "leader"; agents have no role. */
  readonly Role: "leader" | "";
  readonly Version: string;
  /** Seconds. */
  readonly TTL: number;
  /** Address without port. */
  readonly HostAddr: string;
  readonly Port: number;
  /** The host label. */
  readonly Hostname: string;
}

/** Milliseconds without a renewal after which a record disappears, as the original's did. */
const TTL_MS = 10_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/** The port that the original's agents listened on for their masters. Ours listen on none: it only keeps the key's form. */
export const AGENT_PORT = 9002;

export function serviceRecord(
  service: ServiceName,
  at: { readonly address: string; readonly port: number; readonly host: string },
  version: string,
): ServiceRecord {
  return {
    ServiceName: service,
    Role: service === "netmaster" ? "leader" : "",
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

/** Those that run, or ran less than 10 s ago, sorted by address. */
export function registeredServices(snapshot: Snapshot, service: ServiceName): ServiceRecord[] {
  return readAll<ServiceRecord>(snapshot, `${SERVICES}${service}/`);
}

/**
 * Keeps `record` in the store until `signal` aborts, then withdraws it; registers anew after the lease was lost. Rejects for nothing
 * that a store can do: `trouble` hears of it.
 */
export async function keepRegistered(
  store: Store,
  record: ServiceRecord,
  timing: Timing,
  signal: AbortSignal,
  trouble: (error: StoreError) => void,
): Promise<void> {
  for (let failures = 0; !signal.aborted;) {
    try {
      const lease = await keepLease(store, TTL_MS, signal, timing);
      try {
        const value = JSON.stringify(record);
        const put = { type: "put", key: serviceKey(record), value, lease: lease.id } as const;
        await store.transact([], [put], { signal });
        failures = 0;
        await aborted(AbortSignal.any([signal, lease.lost]));
      } finally {
        await lease.release();
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof StoreError)) throw error;
      trouble(error);
      const pause = backoff(failures++, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, timing.random());
      await timing.delay(pause, signal);
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

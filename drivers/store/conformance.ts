/**
 * What a Store must do, whichever it is. Assumes the interface only: a shared server, any first revision, other writers.
 * @module
 */
import type { Store } from "../../mod/state/store.ts";
import { compares } from "./conformance/compares.ts";
import { leases } from "./conformance/leases.ts";
import { misuse } from "./conformance/misuse.ts";
import { records } from "./conformance/records.ts";
import { watches } from "./conformance/watches.ts";

/** Opens a store (a new connection to the same server will do); closed after each test. */
export type MakeStore = () => Promise<Store>;

export interface ConformanceOptions {
  /** The shortest time to live, in milliseconds, that the store keeps to; it may take as much again to end a lease. 2 s unless told. */
  readonly leaseTtl?: number;
}

const PATIENCE_MS = 20_000;
const LEASE_TTL_MS = 2_000;

/** Registers the suite with Deno.test, each test named after the store. A store that leaves a timer or socket behind fails. */
export function storeConformance(
  name: string,
  makeStore: MakeStore,
  options: ConformanceOptions = {},
): void {
  const leaseTtl = options.leaseTtl ?? LEASE_TTL_MS;
  const patience = PATIENCE_MS + leaseTtl;
  for (const [title, body] of [...records, ...compares, ...watches, ...leases, ...misuse]) {
    const thrifty = { sanitizeOps: true, sanitizeResources: true };
    Deno.test(`${name} store ${title}`, thrifty, async () => {
      const store = await makeStore();
      const root = `/contiv.io/conformance/${crypto.randomUUID()}/`;
      const { promise: tooLate, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => reject(new Error("it took too long")), patience);
      try {
        await Promise.race([body({ store, root, leaseTtl }), tooLate]);
      } finally {
        clearTimeout(timer);
        await store.close();
      }
    });
  }
}

/**
 * Fills an embedded store with a network and endpoints on it that other hosts carry, without any host: by the same decisions as agents make.
 * @module
 */
import { openEmbeddedStore } from "../../drivers/store/embedded/embedded_store.ts";
import { realTiming, withCache } from "../../drivers/store/testing.ts";
import { createEndpoint } from "../../mod/intent/endpoint.ts";
import { bootstrap, putObject } from "../../mod/intent/objects.ts";
import type { Plan } from "../../mod/state/plan.ts";
import type { Snapshot } from "../../mod/state/snapshot.ts";
import { transact } from "../../mod/state/transact.ts";
import { endpointRequest } from "./agent_in_process.ts";

/** Of one host; a cluster of 10,000 has a hundred. */
const A_HOST = 100;
const PARALLEL = 32;
const never = new AbortController().signal;

export async function registerEndpoints(path: string, count: number): Promise<void> {
  const store = await openEmbeddedStore({ path });
  try {
    await withCache(store, async (cache) => {
      const commit = <T>(decide: (snapshot: Snapshot) => Plan<T>) =>
        transact(store, cache, decide, { signal: never, domain: "endpoints", ...realTiming });
      const context = { now: Date.now(), clusterMode: "docker" };
      await commit((snapshot) => bootstrap(snapshot, { fwdMode: "routing" }, context));
      const network = {
        tenantName: "default",
        networkName: "net",
        encap: "vxlan",
        subnet: "10.1.0.0/16",
        gateway: "10.1.255.254",
      };
      await commit((snapshot) => putObject(snapshot, "networks", "default:net", network, context));
      let next = 0;
      await Promise.all(Array.from({ length: PARALLEL }, async () => {
        for (let at = next++; at < count; at = next++) {
          const number = Math.floor(at / A_HOST);
          const place = {
            now: context.now,
            host: `host${number}`,
            vtepIP: `198.19.${number >> 8}.${number & 255}`,
          };
          await commit((snapshot) =>
            createEndpoint(snapshot, endpointRequest(`registered${at}`), place)
          );
        }
      }));
    });
  } finally {
    await store.close();
  }
}

/**
 * Fills a store with the cluster's records, by the same decisions as masters and agents make.
 * @module
 */
import { realTiming } from "../../../drivers/store/testing.ts";
import { nameCluster } from "../../../mod/intent/cluster.ts";
import { createEndpoint } from "../../../mod/intent/endpoint.ts";
import { bootstrap, putObject } from "../../../mod/intent/objects.ts";
import type { HostState } from "../../../mod/model/records.ts";
import type { Cache } from "../../../mod/state/cache.ts";
import { hostKey } from "../../../mod/state/keys.ts";
import { type Plan, put } from "../../../mod/state/plan.ts";
import type { Snapshot } from "../../../mod/state/snapshot.ts";
import type { Store } from "../../../mod/state/store.ts";
import { transact } from "../../../mod/state/transact.ts";
import {
  endpointOf,
  hostContext,
  hostLabel,
  networkName,
  networkObject,
  networksOfTenant,
  type Shape,
  tenantName,
  tunnelAddress,
} from "./shape.ts";

/** What three writes an endpoint leave room for in a transaction of 128, twice: while one commits the next gathers. */
const PARALLEL = 84;
const never = new AbortController().signal;

export async function fill(store: Store, cache: Cache, shape: Shape): Promise<void> {
  const commit = <T>(decide: (snapshot: Snapshot) => Plan<T>) =>
    transact(store, cache, decide, { signal: never, domain: "endpoints", ...realTiming });
  const context = { now: Date.now(), clusterMode: "docker" };
  await commit((snapshot) => bootstrap(snapshot, { fwdMode: "routing" }, context));
  await commit((snapshot) => nameCluster(snapshot, crypto.randomUUID()));
  for (let tenant = 0; tenant < shape.tenants; tenant++) {
    const object = (plural: string, key: string, fields: Record<string, string>) =>
      commit((snapshot) => putObject(snapshot, plural, key, fields, context));
    const name = tenantName(tenant);
    await object("tenants", name, { tenantName: name });
    for (let at = 0; at < networksOfTenant(shape); at++) {
      await object("networks", `${name}:${networkName(at)}`, networkObject(tenant, at));
    }
  }
  await inParallel(shape.hosts, async (host) => {
    await commit(() => ({
      compares: [],
      operations: [put(hostKey(hostLabel(host)), hostRecord(host))],
      result: undefined,
    }));
  });
  await inParallel(shape.hosts * shape.endpoints, async (at) => {
    const host = Math.floor(at / shape.endpoints);
    const request = endpointOf(shape, host, at % shape.endpoints);
    await commit((snapshot) => createEndpoint(snapshot, request, hostContext(host)));
  });
}

/** As the claim of the host writes it. */
export const identityOf = (host: number): string => `identity-${hostLabel(host)}`;

function hostRecord(host: number): HostState {
  const address = tunnelAddress(host);
  return {
    id: hostLabel(host),
    identity: identityOf(host),
    controlAddress: address,
    vtepAddress: address,
    since: 0,
  };
}

async function inParallel(count: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: PARALLEL }, async () => {
    for (let at = next++; at < count; at = next++) await work(at);
  }));
}

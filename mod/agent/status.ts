/**
 * How this host's endpoints fare, written to the store only when it changes: an endpoint that is right has no record.
 * Reports never hold up who makes them; what could not be written is written with the next change.
 * @module
 */
import type { EndpointStatus } from "../model/records.ts";
import { ENDPOINT_STATUS, endpointKey, endpointStatusKey } from "../state/keys.ts";
import { type Plan, put, remove, unchanged } from "../state/plan.ts";
import { read, readAll, type Snapshot } from "../state/snapshot.ts";

/**
 * Makes the records of `host` say what `troubles` says about the endpoints in it. The result: whether more is left to say than one transaction
 * holds.
 */
export function statusPlan(
  snapshot: Snapshot,
  host: string,
  troubles: ReadonlyMap<string, string | undefined>,
): Plan<boolean> {
  const news = [...troubles].map(([id, trouble]) => one(snapshot, host, id, trouble))
    .filter(({ operations }) => operations.length > 0);
  const plans = news.slice(0, MOST_AT_ONCE);
  return {
    compares: plans.flatMap((plan) => plan.compares),
    operations: plans.flatMap((plan) => plan.operations),
    result: news.length > plans.length,
  };
}

/** Records of endpoints that are no longer there. */
export function staleStatuses(snapshot: Snapshot, host: string): string[] {
  return readAll<EndpointStatus>(snapshot, ENDPOINT_STATUS)
    .filter((status) => status.host === host && !snapshot.get(endpointKey(status.id)))
    .map((status) => status.id);
}

/** A transaction has at most 128 operations. */
const MOST_AT_ONCE = 100;

function one(
  snapshot: Snapshot,
  host: string,
  id: string,
  trouble: string | undefined,
): Plan<void> {
  const key = endpointStatusKey(id);
  const before = read<EndpointStatus>(snapshot, key);
  const endpoint = snapshot.get(endpointKey(id));
  if (!endpoint || trouble === undefined) {
    return before
      ? { compares: [], operations: [remove(key)], result: undefined }
      : unchanged(undefined);
  }
  if (before?.error === trouble) return unchanged(undefined);
  const status: EndpointStatus = { id, host, state: "degraded", error: trouble };
  return {
    compares: [{ key: endpoint.key, createRevision: endpoint.createRevision }],
    operations: [put(key, status)],
    result: undefined,
  };
}

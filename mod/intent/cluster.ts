/**
 * The cluster's own id: made once, with the store, so that a host can tell when it is started on another store than the one that its
 * containers belong to.
 * @module
 */
import { CLUSTER } from "../state/keys.ts";
import { type Plan, put, unchanged } from "../state/plan.ts";
import { read, type Snapshot } from "../state/snapshot.ts";
import type { ClusterState } from "../model/records.ts";

/** The cluster's id; `candidate` (random, the caller's) when it has none yet. */
export function nameCluster(snapshot: Snapshot, candidate: string): Plan<string> {
  const existing = read<ClusterState>(snapshot, CLUSTER);
  if (existing) return unchanged(existing.id);
  return {
    compares: [{ key: CLUSTER, modRevision: 0 }],
    operations: [put(CLUSTER, { id: candidate } satisfies ClusterState)],
    result: candidate,
  };
}

/**
 * DeleteNetwork and FreeNetwork: this host (or swarm) has the Docker network no longer. The Contiv network stays, unless a
 * `docker network create` made it and nobody else has it.
 * @module
 */
import { removeObject } from "../intent/objects.ts";
import type { DockerNetworkState, NetworkState } from "../model/records.ts";
import { addressPrefix, dockerNetworkKey, networkKey } from "../state/keys.ts";
import { type Plan, remove, unchanged } from "../state/plan.ts";
import { read, type Snapshot } from "../state/snapshot.ts";
import { findMapping, forgetMapping, refOf } from "./mapping.ts";
import { PlanSequence } from "./plan_sequence.ts";
import { type Asker, CLUSTER_MODE } from "./asker.ts";

/** Addresses left in the network's space that go with it in the same transaction; more are left to the sweep. */
const LEFTOVERS = 64;

/** An id that nothing is known of is not an error: the call may be repeated. */
export function deleteNetwork(
  snapshot: Snapshot,
  id: string,
  holder: string,
  asker: Asker,
): Plan<void> {
  const mapping = findMapping(snapshot, id, holder);
  if (mapping === undefined) return unchanged(undefined);
  const ref = refOf(mapping);
  const sequence = new PlanSequence(snapshot);
  sequence.add({ ...forgetMapping(snapshot, ref, holder), result: undefined });
  const key = dockerNetworkKey(ref.tenant, ref.network, ref.group);
  const left = read<DockerNetworkState>(sequence.snapshot, key);
  const network = read<NetworkState>(snapshot, networkKey(ref.tenant, ref.network));
  if (mapping.createdByDocker && left === undefined && network !== undefined) {
    sequence.add(releaseLeftovers(snapshot, network));
    sequence.add(
      removeObject(sequence.snapshot, "networks", `${ref.tenant}:${ref.network}`, {
        now: asker.now,
        clusterMode: CLUSTER_MODE,
      }),
    );
  }
  return sequence.finish(undefined);
}

/** Addresses that Docker asked for and never released, an engine having been killed in between. */
function releaseLeftovers(snapshot: Snapshot, network: NetworkState): Plan<void> {
  const items = snapshot.list(addressPrefix(network.addressSpace)).slice(0, LEFTOVERS);
  return {
    compares: items.map(({ key, modRevision }) => ({ key, modRevision })),
    operations: items.map(({ key }) => remove(key)),
    result: undefined,
  };
}

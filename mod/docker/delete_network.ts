/**
 * DeleteNetwork and FreeNetwork: a Docker network is there no longer. The Contiv network stays, unless a `docker network create` made
 * it. Refusing helps nobody: the engine has given up the network's pools before it asks, and would keep half a network.
 * @module
 */
import { IntentError } from "../intent/error.ts";
import { removeObject } from "../intent/objects.ts";
import type { NetworkRef } from "../agent/endpoint_service.ts";
import type { DockerNetworkState, NetworkState } from "../model/records.ts";
import { dockerNetworkKey, networkKey } from "../state/keys.ts";
import { type Plan, unchanged } from "../state/plan.ts";
import { read, type Snapshot } from "../state/snapshot.ts";
import { findMapping, forgetMapping, idsOf, refOf, SWARM } from "./mapping.ts";
import { PlanSequence } from "./plan_sequence.ts";
import { type Asker, CLUSTER_MODE } from "./asker.ts";

/** A Contiv network that Docker made and that could not go with it, and why. */
export interface KeptNetwork {
  readonly ref: NetworkRef;
  readonly why: string;
}

/**
 * A user removed it. What the same holder's Docker had made goes with the last that the holder has of it, on every host, unless
 * somebody uses it: that is the result. Swarm's networks go with the last that has them: its manager and its nodes report in any order.
 * An id that nothing is known of is not an error: the call may be repeated.
 */
export function deleteNetwork(
  snapshot: Snapshot,
  id: string,
  holder: string,
  asker: Asker,
): Plan<KeptNetwork | undefined> {
  return withdraw(snapshot, id, holder, asker, (maker) => maker === holder);
}

/** The engine has lost it, as with its disk: no reason to take it from other hosts. */
export function loseNetwork(
  snapshot: Snapshot,
  id: string,
  holder: string,
  asker: Asker,
): Plan<KeptNetwork | undefined> {
  return withdraw(snapshot, id, holder, asker, () => false);
}

function withdraw(
  snapshot: Snapshot,
  id: string,
  holder: string,
  asker: Asker,
  takesAll: (maker: string) => boolean,
): Plan<KeptNetwork | undefined> {
  const mapping = findMapping(snapshot, id, holder);
  if (mapping === undefined) return unchanged(undefined);
  const ref = refOf(mapping);
  const forgotten = new PlanSequence(snapshot);
  forgotten.add({ ...forgetMapping(snapshot, ref, holder, id), result: undefined });
  const left = read<DockerNetworkState>(
    forgotten.snapshot,
    dockerNetworkKey(ref.tenant, ref.network, ref.group),
  );
  const network = read<NetworkState>(snapshot, networkKey(ref.tenant, ref.network));
  const maker = network?.dockerHolder;
  const goes = left === undefined ||
    maker !== undefined && maker !== SWARM && takesAll(maker) && idsOf(left, holder).length === 0;
  if (network === undefined || maker === undefined || !goes) return forgotten.finish(undefined);
  try {
    return removeNetwork(forgotten, ref, asker);
  } catch (error) {
    if (!(error instanceof IntentError) || error.code !== "conflict") throw error;
    const why = error.advice === undefined ? error.message : `${error.message} (${error.advice})`;
    return forgotten.finish({ ref, why });
  }
}

function removeNetwork(
  forgotten: PlanSequence,
  ref: NetworkRef,
  asker: Asker,
): Plan<undefined> {
  const sequence = new PlanSequence(forgotten.base);
  sequence.add(forgotten.finish(undefined));
  sequence.add(
    removeObject(sequence.snapshot, "networks", `${ref.tenant}:${ref.network}`, {
      now: asker.now,
      clusterMode: CLUSTER_MODE,
    }),
  );
  return sequence.finish(undefined);
}

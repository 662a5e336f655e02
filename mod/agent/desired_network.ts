/**
 * What a network needs on a host whose endpoints can reach it: flows, and in bridge mode the group of those who hear its broadcasts. Pure.
 * @module
 */
import type { NetworkState, TenantState } from "../model/records.ts";
import type { Flow } from "../pipeline/flow.ts";
import type { Group } from "../pipeline/group.ts";
import type { PipelineHost } from "../pipeline/input.ts";
import { floodGroups, networkFlows } from "../pipeline/pipeline.ts";
import { NETWORKS, tenantKey } from "../state/keys.ts";
import { read, type Snapshot } from "../state/snapshot.ts";
import { pipelineNetwork } from "./desired_endpoint.ts";
import { hostReaches } from "./host_reach.ts";

/** Whom its broadcasts reach, each once, in ascending order; empty in routing mode, which has none. */
export interface Listeners {
  readonly ports: readonly number[];
  readonly vteps: readonly string[];
}

/** What a network's flows are made from. */
export interface Place {
  readonly network: NetworkState;
  /** Its tenant's. */
  readonly vrf: number;
  readonly hostReaches: boolean;
}

export interface DesiredNetwork extends Place {
  readonly listeners: Listeners;
  readonly flows: readonly Flow[];
  readonly groups: readonly Group[];
}

/** `before` where it is as wanted, with the same flows where only the listeners are others. */
export function desiredNetwork(
  place: Place,
  listeners: Listeners,
  host: PipelineHost,
  before: DesiredNetwork | undefined,
): DesiredNetwork {
  const same = before !== undefined && samePlace(before, place);
  if (same && sameListeners(before.listeners, listeners)) return before;
  const { network, vrf, hostReaches } = place;
  const facts = { ...pipelineNetwork(network, vrf), hostReaches };
  return {
    ...place,
    listeners,
    flows: same ? before.flows : networkFlows(facts, host),
    groups: floodGroups({ network: facts, ...listeners }, host),
  };
}

/** A network and its tenant's VRF; undefined unless both are there. */
export function placeOf(snapshot: Snapshot, netID: string): Place | undefined {
  const network = read<NetworkState>(snapshot, NETWORKS + netID);
  const tenant = network && read<TenantState>(snapshot, tenantKey(network.tenant));
  return tenant && { network, vrf: tenant.vrf, hostReaches: hostReaches(snapshot, network) };
}

/** Whether its flows are made from the records that the snapshot has. */
export function isCurrent(snapshot: Snapshot, made: DesiredNetwork | undefined): boolean {
  const place = made && placeOf(snapshot, made.network.id);
  return place !== undefined && made !== undefined && samePlace(made, place);
}

function samePlace(a: Place, b: Place): boolean {
  return a.network === b.network && a.vrf === b.vrf && a.hostReaches === b.hostReaches;
}

function sameListeners(a: Listeners, b: Listeners): boolean {
  return a.ports.join() === b.ports.join() && a.vteps.join() === b.vteps.join();
}

/**
 * What goes with a network. Hosts' own endpoints in an infra network are as many as there are hosts, and a transaction holds those of a few:
 * with more, the network is marked as leaving and goes part by part; a part that was not taken is taken by whoever asks next.
 * @module
 */
import type { ModelObject } from "../model/object.ts";
import { network } from "../model/network.ts";
import type { Allocation, EndpointState, NetworkState, Owner } from "../model/records.ts";
import { tenant } from "../model/tenant.ts";
import { linkSet, textOf } from "../model/wire.ts";
import { addressPrefix, networkKey, NETWORKS, objectKey } from "../state/keys.ts";
import { type Plan, unchanged } from "../state/plan.ts";
import { decode, readAll, type Snapshot } from "../state/snapshot.ts";
import { refuseActive } from "./active_endpoints.ts";
import type { IntentContext } from "./context.ts";
import { refuseMapped } from "./docker_mapping.ts";
import { Draft } from "./draft.ts";
import { removeEndpoint } from "./endpoint.ts";
import { IntentError } from "./error.ts";
import { dropLink, referenceTo } from "./links.ts";
import { endpointsOf } from "./oper.ts";
import { freeNumber } from "./tags.ts";

/** Unclaimed addresses that go with their network in the same transaction; more are left to the sweep. */
const LEFTOVERS = 64;
/** Hosts' own endpoints that go in one transaction, five writes each: with the leftovers less than the 128 of a transaction. */
const HOSTS_AT_ONCE = 10;

export function removeNetwork(draft: Draft, old: ModelObject, context: IntentContext): boolean {
  const tenantName = textOf(old, "tenantName"), name = textOf(old, "networkName");
  const state = draft.read<NetworkState>(networkKey(tenantName, name));
  const endpoints = endpointsOf(draft.snapshot, ({ netID }) => netID === state?.id);
  // What was begun is brought to its end: since then nothing was made in it.
  if (!state?.leaving) refuseUsed(draft, old, endpoints, context);
  const finished = endpoints.length <= HOSTS_AT_ONCE;
  for (const endpoint of endpoints.slice(0, HOSTS_AT_ONCE)) {
    removeEndpoint(draft, endpoint, context.now);
  }
  const self = referenceTo(network.type, String(old["key"]));
  if (state && !finished) {
    if (!state.leaving) leave(draft, state, old);
    return false;
  }
  if (state) release(draft, state);
  draft.remove(networkKey(tenantName, name));
  draft.remove(objectKey(network.type, self.key));
  dropLink(draft, referenceTo(tenant.type, tenantName), "Networks", self);
  return true;
}

/** The object is written again as it is: who makes something in the network at this moment decides anew, and is refused. */
function leave(draft: Draft, state: NetworkState, object: ModelObject): void {
  draft.put(networkKey(state.tenant, state.networkName), { ...state, leaving: true });
  draft.put(objectKey(network.type, String(object["key"])), object);
}

function refuseUsed(
  draft: Draft,
  old: ModelObject,
  endpoints: readonly EndpointState[],
  context: IntentContext,
): void {
  const tenantName = textOf(old, "tenantName"), name = textOf(old, "networkName");
  refuseLinked(old, name, "EndpointGroups", "endpoint groups");
  refuseLinked(old, name, "Servicelbs", "services ");
  refuseMapped(draft, [tenantName, name, ""], `network ${name}`, context);
  refuseActive(
    endpoints.filter(({ attachment }) => attachment.kind !== "host"),
    "Error: Network has active endpoints",
    `contiv ctl network inspect -t ${tenantName} ${name}`,
  );
}

/** Takes the next part of a network whose deletion was begun and is not finished, a master having stopped in between; undefined: there is none. */
export function finishRemoval(
  snapshot: Snapshot,
  context: IntentContext,
): Plan<string | undefined> {
  const left = readAll<NetworkState>(snapshot, NETWORKS).find(({ leaving }) => leaving);
  if (!left) return unchanged(undefined);
  const draft = new Draft(snapshot);
  const key = `${left.tenant}:${left.networkName}`;
  const object = draft.read<ModelObject>(objectKey(network.type, key));
  if (!object) return unchanged(undefined);
  removeNetwork(draft, object, context);
  return draft.plan(left.id);
}

function refuseLinked(old: ModelObject, name: string, set: string, what: string): void {
  const links = linkSet(old, set);
  if (links.length === 0) return;
  throw new IntentError(
    "conflict",
    `cannot delete ${name} has ${links.length} ${what}`,
    `delete them first: ${links.slice(0, 5).map((link) => link.key).join(", ")}`,
  );
}

/** Its tags, and addresses that it keeps itself or that Docker asked for and no endpoint took. */
function release(draft: Draft, state: NetworkState): void {
  const owner: Owner = { kind: "network", id: state.id };
  if (state.pktTagType === "vlan") freeNumber(draft, "vlan", state.pktTag, owner);
  else {
    freeNumber(draft, "vxlan", state.extPktTag, owner);
    freeNumber(draft, "local-vlan", state.pktTag, owner);
  }
  const space = addressPrefix(state.addressSpace);
  draft.guardAdditions(space);
  draft.snapshot.list(space)
    .filter((item) => decode<Allocation>(item).owner.kind !== "endpoint")
    .slice(0, LEFTOVERS)
    .forEach((item) => draft.remove(item.key));
}

/**
 * Endpoint groups: a part of a network, with a pool of its addresses if it asks for one, and links to what applies to it.
 * @module
 */
import { ipv4Space, parseAddressRange, toRun, unavailable } from "../alloc/addresses.ts";
import { endpointGroup } from "../model/endpoint_group.ts";
import { network } from "../model/network.ts";
import type { ModelObject } from "../model/object.ts";
import type { GroupState, NetworkState, Owner } from "../model/records.ts";
import { tenant } from "../model/tenant.ts";
import { linkSetsOf, linksOf, listOf, type Reference, textOf, wireObject } from "../model/wire.ts";
import { formatAddress } from "../net/address.ts";
import { addressPrefix, groupId, groupKey, networkKey, objectKey } from "../state/keys.ts";
import { read } from "../state/snapshot.ts";
import { refuseActive } from "./active_endpoints.ts";
import type { IntentContext } from "./context.ts";
import { refuseMapped } from "./docker_mapping.ts";
import type { Draft } from "./draft.ts";
import { IntentError } from "./error.ts";
import { readyGlobal } from "./global.ts";
import { refuseLeaving } from "./leaving_network.ts";
import { addLink, dropLink, referenceTo } from "./links.ts";
import type { ObjectIntent } from "./object_intent.ts";
import { endpointsOf, groupOper } from "./oper.ts";
import { freeNumber, takeGroupId } from "./tags.ts";
import { requireTenant } from "./tenant.ts";

/** What a group's fields name in its tenant. Each of them has the group in its link set `EndpointGroups`. */
interface Relation {
  readonly field: string;
  readonly type: string;
  /** Name of the group's own link set, or of its link when it names only one. */
  readonly link: string;
  readonly single: boolean;
  readonly missing: (name: string) => string;
}

const RELATIONS: readonly Relation[] = [
  {
    field: "policies",
    type: "policy",
    link: "Policies",
    single: false,
    missing: () => "Policy not found",
  },
  {
    field: "netProfile",
    type: "netprofile",
    link: "NetProfile",
    single: true,
    missing: () => "netprofile not found",
  },
  {
    field: "extContractsGrps",
    type: "extContractsGroup",
    link: "ExtContractsGrps",
    single: false,
    missing: (name) => `External contracts group ${name} not found`,
  },
];

const ownerOf = (id: string): Owner => ({ kind: "group", id });

export const endpointGroupIntent: ObjectIntent = {
  object: endpointGroup,
  create(draft, key, fields, { now }) {
    const tenantName = textOf(fields, "tenantName");
    requireTenant(draft, tenantName);
    const state = requireNetwork(draft, fields);
    readyGlobal(draft);
    const pool = textOf(fields, "ipPool");
    if (pool) checkPool(draft, state, pool);
    const id = groupId(tenantName, textOf(fields, "groupName"));
    draft.put(
      groupKey(tenantName, textOf(fields, "groupName")),
      stateOf(fields, state, takeGroupId(draft, ownerOf(id), now)),
    );
    const self = referenceTo(endpointGroup.type, key);
    const parents = {
      Network: referenceTo(network.type, `${tenantName}:${state.networkName}`),
      Tenant: referenceTo(tenant.type, tenantName),
    };
    addLink(draft, parents.Network, "EndpointGroups", self);
    addLink(draft, parents.Tenant, "EndpointGroups", self);
    return relate(draft, wireObject(endpointGroup, key, {}, {}, parents), fields);
  },
  update(draft, old, fields) {
    refuseChange(old, fields, "networkName", "network association");
    refuseChange(old, fields, "ipPool", "IP pool");
    const cfgdTag = textOf(old, "cfgdTag");
    if (textOf(fields, "cfgdTag")) refuseChange(old, fields, "cfgdTag", "tag");
    relate(draft, old, { ...fields, cfgdTag });
  },
  remove,
  oper(snapshot, object) {
    const key = groupKey(textOf(object, "tenantName"), textOf(object, "groupName"));
    const state = read<GroupState>(snapshot, key);
    return state ? groupOper(snapshot, state) : {};
  },
};

function requireNetwork(draft: Draft, fields: ModelObject): NetworkState {
  const tenantName = textOf(fields, "tenantName"), networkName = textOf(fields, "networkName");
  const object = draft.read(objectKey(network.type, `${tenantName}:${networkName}`));
  const state = draft.read<NetworkState>(networkKey(tenantName, networkName));
  if (!object || !state) {
    throw new IntentError(
      "not-found",
      `Network ${networkName} not found`,
      `\`contiv ctl network ls -t ${tenantName}\` lists those there are`,
    );
  }
  refuseLeaving(state);
  const name = textOf(fields, "groupName");
  const homonym = objectKey(network.type, `${tenantName}:${name}`);
  if (draft.read(homonym)) {
    throw new IntentError("conflict", `Network ${name} conflicts with the endpointGroup name`);
  }
  return state;
}

/** The whole pool must be free. Endpoints guard the network's object, which the group's creation rewrites. */
function checkPool(draft: Draft, state: NetworkState, text: string): void {
  const range = parseAddressRange(text);
  const space = ipv4Space(draft.snapshot, state);
  if (!range || !space) throw new IntentError("invalid", `invalid ip-pool ${text}`);
  const pool = toRun(range);
  if (pool.first < space.whole.first || pool.last > space.whole.last) {
    throw new IntentError(
      "invalid",
      `bad ip-pool ${text}, EPG ip-pool must be a subset of network ${space.subnet}`,
    );
  }
  draft.guardAdditions(addressPrefix(state.addressSpace));
  const [busy] = unavailable(draft.snapshot, space, pool, "");
  const outside = pool.first < space.usable.first
    ? pool.first
    : pool.last > space.usable.last
    ? space.usable.last + 1n
    : undefined;
  const value = outside !== undefined && (!busy || outside < busy.first) ? outside : busy?.first;
  if (value === undefined) return;
  throw new IntentError(
    "conflict",
    `ip address ${formatAddress({ family: 4, value })} is not available`,
    `\`contiv ctl network inspect -t ${state.tenant} ${state.networkName}\` shows free addresses`,
  );
}

function stateOf(fields: ModelObject, state: NetworkState, endpointGroupId: number): GroupState {
  const tenantName = textOf(fields, "tenantName"), groupName = textOf(fields, "groupName");
  return {
    id: groupId(tenantName, groupName),
    groupName,
    tenantName,
    networkName: state.networkName,
    endpointGroupId,
    pktTagType: state.pktTagType,
    pktTag: state.pktTag,
    extPktTag: state.extPktTag,
    IPPool: textOf(fields, "ipPool"),
    groupTag: textOf(fields, "cfgdTag") || `${groupName}.${tenantName}`,
  };
}

function refuseChange(old: ModelObject, fields: ModelObject, field: string, what: string): void {
  if (textOf(old, field) === textOf(fields, field)) return;
  throw new IntentError(
    "conflict",
    `Cannot change ${what} after epg is created.`,
    "delete the group and create it again",
  );
}

/** Writes the group with `fields`, and brings the links of both sides in line with what they name. Returns the group. */
function relate(draft: Draft, old: ModelObject, fields: ModelObject): ModelObject {
  const self = referenceTo(endpointGroup.type, String(old["key"]));
  const links = { ...linksOf(old) }, linkSets = { ...linkSetsOf(old) };
  for (const relation of RELATIONS) {
    const before = namedBy(relation, old), after = namedBy(relation, fields);
    for (const [key, reference] of before) {
      if (!after.has(key)) dropLink(draft, reference, "EndpointGroups", self);
    }
    for (const [key, reference] of after) {
      if (!draft.read(objectKey(relation.type, key))) {
        throw new IntentError("not-found", relation.missing(key.slice(key.indexOf(":") + 1)));
      }
      if (!before.has(key)) addLink(draft, reference, "EndpointGroups", self);
    }
    if (!relation.single) linkSets[relation.link] = Object.fromEntries(after);
    else {
      delete links[relation.link];
      for (const reference of after.values()) links[relation.link] = reference;
    }
  }
  const object = wireObject(endpointGroup, self.key, fields, linkSets, links);
  draft.put(objectKey(endpointGroup.type, self.key), object);
  return object;
}

function namedBy({ field, type }: Relation, fields: ModelObject): Map<string, Reference> {
  const single = textOf(fields, field);
  const names = single ? [single] : listOf(fields, field);
  const keys = names.map((name) => `${textOf(fields, "tenantName")}:${name}`);
  return new Map(keys.map((key) => [key, referenceTo(type, key)]));
}

function remove(draft: Draft, old: ModelObject, context: IntentContext): void {
  const tenantName = textOf(old, "tenantName"), name = textOf(old, "groupName");
  const networkName = textOf(old, "networkName");
  const profile = linksOf(old)["AppProfile"];
  if (profile) {
    throw new IntentError(
      "conflict",
      `Cannot delete ${name}, associated to appProfile ${profile.key}`,
      "take it out of the application profile first",
    );
  }
  refuseMapped(draft, [tenantName, networkName, name], `group ${name}`, context);
  const id = groupId(tenantName, name);
  refuseActive(
    endpointsOf(draft.snapshot, (endpoint) => endpoint.endpointGroupKey === id),
    `Error: EPG ${name} has active endpoints`,
    `contiv ctl group inspect -t ${tenantName} ${name}`,
  );
  const space = draft.read<NetworkState>(networkKey(tenantName, networkName))?.addressSpace;
  if (space !== undefined) draft.guardAdditions(addressPrefix(space));
  const state = draft.read<GroupState>(groupKey(tenantName, name));
  if (state) freeNumber(draft, "group", state.endpointGroupId, ownerOf(id));
  const self = referenceTo(endpointGroup.type, String(old["key"]));
  for (const relation of RELATIONS) {
    for (const reference of namedBy(relation, old).values()) {
      dropLink(draft, reference, "EndpointGroups", self);
    }
  }
  for (
    const parent of [
      referenceTo(network.type, `${tenantName}:${networkName}`),
      referenceTo(tenant.type, tenantName),
    ]
  ) dropLink(draft, parent, "EndpointGroups", self);
  draft.remove(groupKey(tenantName, name));
  draft.remove(objectKey(endpointGroup.type, self.key));
}

/**
 * Tenants. Everything in a tenant is in one of its link sets, so rewriting the tenant is what keeps it from being deleted meanwhile.
 * @module
 */
import type { ModelObject } from "../model/object.ts";
import type { GroupState, NetworkState, Owner, TenantState } from "../model/records.ts";
import { tenant } from "../model/tenant.ts";
import { linkSet, textOf, wireObject, withoutZeros } from "../model/wire.ts";
import { GROUPS, NETWORKS, objectKey, tenantKey } from "../state/keys.ts";
import { readAll } from "../state/snapshot.ts";
import type { Draft } from "./draft.ts";
import { IntentError } from "./error.ts";
import type { ObjectIntent } from "./object_intent.ts";
import { endpointsOf, groupOper, networkOper } from "./oper.ts";
import { freeNumber, takeVrf } from "./tags.ts";

/** In the original's order and words; the last one the original forgot. */
const CONTENTS: readonly (readonly [set: string, text: (name: string, count: number) => string])[] =
  [
    ["AppProfiles", (name, count) => `cannot delete ${name}, has ${count} app profiles`],
    ["EndpointGroups", (name, count) => `cannot delete ${name} has ${count} endpoint groups`],
    ["Policies", (name, count) => `cannot delete ${name} has ${count} policies`],
    ["NetProfiles", (name, count) => `Cannot delete ${name} has ${count} netprofiles`],
    ["Networks", (name, count) => `cannot delete ${name} has ${count} networks`],
    ["Servicelbs", (name, count) => `cannot delete ${name} has ${count} services`],
  ];

/** The tenant's object; throws the original's text when there is none. */
export function requireTenant(draft: Draft, name: string): ModelObject {
  const object = draft.read<ModelObject>(objectKey(tenant.type, name));
  if (object) return object;
  throw new IntentError(
    "not-found",
    "Tenant not found",
    `create it with \`contiv ctl tenant create ${name}\``,
  );
}

const ownerOf = (name: string): Owner => ({ kind: "tenant", id: name });

export const tenantIntent: ObjectIntent = {
  object: tenant,
  create(draft, key, fields, { now }) {
    const name = textOf(fields, "tenantName");
    const object = wireObject(tenant, key, fields);
    const vrf = takeVrf(draft, ownerOf(name), now);
    const state: TenantState = { id: name, tenantName: name, vrf };
    draft.put(objectKey(tenant.type, key), object);
    draft.put(tenantKey(name), state);
    return object;
  },
  update() {
    throw new IntentError("conflict", "Cant change tenant parameters after its created");
  },
  remove(draft, old) {
    const name = textOf(old, "tenantName");
    for (const [set, text] of CONTENTS) {
      const links = linkSet(old, set);
      if (links.length > 0) {
        const keys = links.slice(0, 5).map((link) => link.key).join(", ");
        throw new IntentError("conflict", text(name, links.length), `delete them first: ${keys}`);
      }
    }
    const state = draft.read<TenantState>(tenantKey(name));
    if (state) freeNumber(draft, "vrf", state.vrf, ownerOf(name));
    draft.remove(objectKey(tenant.type, name));
    draft.remove(tenantKey(name));
  },
  oper(snapshot, object) {
    const name = textOf(object, "tenantName");
    const count = (set: string) => linkSet(object, set).length;
    const networks = readAll<NetworkState>(snapshot, NETWORKS).filter((it) => it.tenant === name);
    const groups = readAll<GroupState>(snapshot, GROUPS).filter((it) => it.tenantName === name);
    const ids = new Set(networks.map((network) => network.id));
    // Nested documents have no tags, and groups no pools, as the original's.
    const nested = { allocatedIPAddresses: undefined, availableIPAddresses: undefined };
    return withoutZeros({
      endpointGroups: groups.map((group) =>
        withoutZeros({ ...groupOper(snapshot, group), ...nested, groupTag: undefined })
      ),
      networks: networks.map((it) =>
        withoutZeros({ ...networkOper(snapshot, it), networkTag: undefined })
      ),
      totalAppProfiles: count("AppProfiles"),
      totalEPGs: count("EndpointGroups"),
      totalEndpoints: endpointsOf(snapshot, (endpoint) => ids.has(endpoint.netID)).length,
      totalNetprofiles: count("NetProfiles"),
      totalNetworks: count("Networks"),
      totalPolicies: count("Policies"),
      totalServicelbs: count("Servicelbs"),
    });
  },
};

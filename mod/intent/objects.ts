/**
 * The API's objects: created, changed, deleted, listed and inspected, whatever their type. All throw IntentError.
 * @module
 */
import { global } from "../model/global.ts";
import type { ModelObject, ObjectType } from "../model/object.ts";
import { tenant } from "../model/tenant.ts";
import { typeOfPlural } from "../model/registry.ts";
import { validate } from "../model/validate.ts";
import { wireObject } from "../model/wire.ts";
import { MASTER_CONFIG, objectKey } from "../state/keys.ts";
import type { Plan } from "../state/plan.ts";
import { read, readAll, type Snapshot } from "../state/snapshot.ts";
import type { IntentContext } from "./context.ts";
import { Draft } from "./draft.ts";
import { inspectEndpoint } from "./endpoint_lookup.ts";
import { IntentError } from "./error.ts";
import { DEFAULT_PRIVATE_SUBNET, GLOBAL_KEY, globalIntent, masterConfigOf } from "./global.ts";
import type { ObjectIntent } from "./object_intent.ts";
import { objectIntents } from "./registry.ts";
import { tenantIntent } from "./tenant.ts";

/** Creates or updates. The result is the original's reply: the new object, or an update's request with `key` set. */
export function putObject(
  snapshot: Snapshot,
  plural: string,
  key: string,
  body: unknown,
  context: IntentContext,
): Plan<ModelObject> {
  const intent = intentOf(plural);
  const validation = validate(intent.object, key, body);
  if (!validation.ok) throw new IntentError("invalid", validation.message);
  const { fields } = validation;
  const draft = new Draft(snapshot);
  const old = draft.read<ModelObject>(objectKey(intent.object.type, key));
  if (!old) {
    const created = intent.create(draft, key, fields, context);
    return draft.plan(created);
  }
  intent.update(draft, old, fields, context);
  return draft.plan(wireObject(intent.object, key, fields));
}

export interface Removal {
  readonly key: string;
  /** False: this was a part, and the removal is to be decided again until it is finished. It cannot be refused any more. */
  readonly finished: boolean;
}

export function removeObject(
  snapshot: Snapshot,
  plural: string,
  key: string,
  context: IntentContext,
): Plan<Removal> {
  const intent = intentOf(plural);
  const draft = new Draft(snapshot);
  const finished = intent.remove(draft, getObject(snapshot, plural, key), context) !== false;
  return draft.plan({ key, finished });
}

/** Sorted by key. */
export function listObjects(snapshot: Snapshot, plural: string): ModelObject[] {
  return readAll<ModelObject>(snapshot, objectKey(intentOf(plural).object.type, ""));
}

export function getObject(snapshot: Snapshot, plural: string, key: string): ModelObject {
  const { type } = intentOf(plural).object;
  const object = read<ModelObject>(snapshot, objectKey(type, key));
  if (object) return object;
  throw new IntentError("not-found", `${type} not found`, `there is no ${type} ${key}`);
}

/** `{Config, Oper}`, each only where the type has one. An endpoint's key is its id, its container's id or name, or a part of one. */
export function inspectObject(
  snapshot: Snapshot,
  plural: string,
  key: string,
  clusterMode = "docker",
): ModelObject {
  if (requireType(plural).inspectOnly) return { Oper: inspectEndpoint(snapshot, key) };
  const object = getObject(snapshot, plural, key);
  const { oper } = intentOf(plural);
  return { Config: object, ...(oper && { Oper: oper(snapshot, object, clusterMode) }) };
}

/** What the cluster starts with; the names are the master's flags'. */
export interface BootstrapSettings {
  readonly fwdMode: string;
  readonly infra?: string;
  readonly arpMode?: string;
  readonly pvtSubnet?: string;
  readonly vlans?: string;
  readonly vxlans?: string;
}

/** Makes `global` and the tenant `default` where they are absent; what exists is left as it is. */
export function bootstrap(
  snapshot: Snapshot,
  settings: BootstrapSettings,
  context: IntentContext,
): Plan<void> {
  const draft = new Draft(snapshot);
  const existing = draft.read<ModelObject>(GLOBAL_KEY);
  if (!existing) {
    const fields = {
      name: global.type,
      arpMode: settings.arpMode ?? "proxy",
      fwdMode: settings.fwdMode,
      networkInfraType: settings.infra ?? "default",
      pvtSubnet: settings.pvtSubnet ?? DEFAULT_PRIVATE_SUBNET,
      vlans: settings.vlans ?? "1-4094",
      vxlans: settings.vxlans ?? "1-10000",
    };
    createIn(draft, globalIntent, global.type, fields, context);
  } else if (!draft.read(MASTER_CONFIG)) draft.put(MASTER_CONFIG, masterConfigOf(existing));
  if (!draft.read(objectKey(tenant.type, "default"))) {
    createIn(draft, tenantIntent, "default", { tenantName: "default" }, context);
  }
  return draft.plan(undefined);
}

function createIn(
  draft: Draft,
  intent: ObjectIntent,
  key: string,
  body: ModelObject,
  context: IntentContext,
): void {
  const validation = validate(intent.object, key, body);
  if (!validation.ok) throw new IntentError("invalid", validation.message);
  intent.create(draft, key, validation.fields, context);
}

function requireType(plural: string): ObjectType {
  const type = typeOfPlural(plural);
  if (type) return type;
  throw new IntentError("not-found", `there are no objects named ${plural}`);
}

function intentOf(plural: string): ObjectIntent {
  const type = requireType(plural);
  const intent = objectIntents.find(({ object }) => object === type);
  if (intent) return intent;
  throw new IntentError(
    "not-found",
    `${plural} can only be inspected, one at a time`,
    `GET /api/v1/inspect/${plural}/{id}/`,
  );
}

/**
 * What each object's file in this folder provides; ./registry.ts lists them.
 * @module
 */
import type { ModelObject, ObjectType } from "../model/object.ts";
import type { Snapshot } from "../state/snapshot.ts";
import type { IntentContext } from "./context.ts";
import type { Draft } from "./draft.ts";

/** All throw IntentError; what they wrote into the draft is then dropped. `fields` are valid by the type's schema. */
export interface ObjectIntent {
  readonly object: ObjectType;
  /** Writes the object and all that follows from it; returns it as stored. */
  create(draft: Draft, key: string, fields: ModelObject, context: IntentContext): ModelObject;
  update(draft: Draft, old: ModelObject, fields: ModelObject, context: IntentContext): void;
  /** False: too much for one transaction is to go; the object is left marked, and the rest goes by being asked again. */
  remove(draft: Draft, old: ModelObject, context: IntentContext): boolean | void;
  /** The `Oper` half of an inspect document. */
  oper?(snapshot: Snapshot, object: ModelObject, clusterMode: string): ModelObject;
}

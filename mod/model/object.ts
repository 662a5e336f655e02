/**
 * What an object of the user's intent is: its name on the wire, its key, its shape. One file an object beside this one declares one
 * of these; mod/intent has one file an object that says what creating, updating and deleting it means.
 * @module
 */
import type { z } from "zod";

/** An object as stored and sent: zero values left out, `key`, `link-sets` and `links` beside its own fields. */
export type ModelObject = Readonly<Record<string, unknown>>;

export interface ObjectType {
  /** The store's and messages' name: `network`, `endpointGroup`. */
  readonly type: string;
  /** The URL's plural: `networks`, `endpointGroups`. */
  readonly plural: string;
  /** Fields joined by `:` into the key, in this order. */
  readonly keyFields: readonly string[];
  /** Names of its fields in wire order, `key` excepted: the order that JSON replies have. */
  readonly fields: readonly string[];
  /** Shape of the config on the wire, every field described with its unit and default; OpenAPI is generated from it. */
  readonly schema: z.ZodObject;
  /** Shape of the `Oper` half of an inspect document; absent when the object has none. */
  readonly operSchema?: z.ZodObject;
  /** Names of its link sets, in wire order; absent when it has no `link-sets`. */
  readonly linkSets?: readonly string[];
  /** Names of its links, in wire order; absent when it has no `links`. */
  readonly links?: readonly string[];
  /** Endpoints: no list, no create; only `GET /api/v1/inspect/endpoints/{id}/`. */
  readonly inspectOnly?: boolean;
  /** One or two sentences for the API's documentation. */
  readonly description: string;
}

/** The key that an object's fields make. Missing fields count as empty. */
export function keyOf(type: ObjectType, object: ModelObject): string {
  return type.keyFields.map((field) => object[field] ?? "").join(":");
}

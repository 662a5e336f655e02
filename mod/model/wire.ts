/**
 * The wire form of objects, which is also the stored form: `key`, the fields in order without zero values, `link-sets`, `links`.
 * @module
 */
import type { ModelObject, ObjectType } from "./object.ts";

/** What a link points to. */
export interface Reference {
  readonly type: string;
  readonly key: string;
}

/** Link set name → key of the other object → reference. */
export type LinkSets = Readonly<Record<string, Readonly<Record<string, Reference>>>>;
/** Link name → reference. */
export type Links = Readonly<Record<string, Reference>>;

/** Go's `omitempty`: undefined, "", 0 and empty lists are left out. Order is kept. */
export function withoutZeros(object: ModelObject): ModelObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isZero(value)));
}

function isZero(value: unknown): boolean {
  return value === undefined || value === "" || value === 0 ||
    (Array.isArray(value) && value.length === 0);
}

/** Empty link sets are left out, empty links are `{}`, as the original's JSON had them. */
export function wireObject(
  type: ObjectType,
  key: string,
  fields: ModelObject,
  linkSets: LinkSets = {},
  links: Links = {},
): ModelObject {
  const own = type.fields.map((name) => [name, fields[name]]);
  return {
    key,
    ...withoutZeros(Object.fromEntries(own)),
    ...(type.linkSets && { "link-sets": orderedLinkSets(linkSets) }),
    ...(type.links &&
      { links: Object.fromEntries(type.links.map((name) => [name, links[name] ?? {}])) }),
  };
}

/** Sorted by name and key, without empty sets. */
export function orderedLinkSets(sets: LinkSets): LinkSets {
  return Object.fromEntries(
    byName(Object.entries(sets))
      .map(([name, set]) => [name, Object.fromEntries(byName(Object.entries(set)))] as const)
      .filter(([, set]) => Object.keys(set).length > 0),
  );
}

function byName<T>(entries: [string, T][]): [string, T][] {
  return entries.sort(([a], [b]) => a < b ? -1 : 1);
}

/** The link sets of a stored object. */
export function linkSetsOf(object: ModelObject): LinkSets {
  // Stored objects are written by wireObject alone.
  return (object["link-sets"] ?? {}) as LinkSets;
}

/** The links of a stored object that point somewhere. */
export function linksOf(object: ModelObject): Links {
  const links = (object["links"] ?? {}) as Record<string, Partial<Reference>>;
  return Object.fromEntries(
    Object.entries(links).flatMap(([name, { type, key }]) =>
      type === undefined || key === undefined ? [] : [[name, { type, key }]]
    ),
  );
}

/** References of one link set, sorted by key. */
export function linkSet(object: ModelObject, name: string): readonly Reference[] {
  return Object.values(linkSetsOf(object)[name] ?? {});
}

/** A field of a stored object that holds a string; empty when it was left out. */
export function textOf(object: ModelObject, field: string): string {
  const value = object[field];
  return typeof value === "string" ? value : "";
}

/** A field that holds a list of strings. */
export function listOf(object: ModelObject, field: string): readonly string[] {
  const value = object[field];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** A field that holds a number; 0 when it was left out. */
export function numberOf(object: ModelObject, field: string): number {
  const value = object[field];
  return typeof value === "number" ? value : 0;
}

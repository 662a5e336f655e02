/**
 * Link sets of stored objects. Whoever adds or takes away a link rewrites the object, which thereby also guards against its
 * concurrent deletion.
 * @module
 */
import type { ModelObject } from "../model/object.ts";
import { linkSetsOf, orderedLinkSets, type Reference } from "../model/wire.ts";
import { objectKey } from "../state/keys.ts";
import type { Draft } from "./draft.ts";

export const referenceTo = (type: string, key: string): Reference => ({ type, key });

/** Adds `target` to the link set `name` of the object `owner`, if it exists. */
export function addLink(draft: Draft, owner: Reference, name: string, target: Reference): void {
  changeLinks(draft, owner, name, (set) => ({ ...set, [target.key]: target }));
}

/** Takes `target` out of the link set `name` of the object `owner`, if it exists. */
export function dropLink(draft: Draft, owner: Reference, name: string, target: Reference): void {
  changeLinks(draft, owner, name, ({ [target.key]: _, ...others }) => others);
}

type LinkSet = Readonly<Record<string, Reference>>;

function changeLinks(
  draft: Draft,
  owner: Reference,
  name: string,
  change: (set: LinkSet) => LinkSet,
): void {
  const key = objectKey(owner.type, owner.key);
  const object = draft.read<ModelObject>(key);
  if (!object) return;
  const sets = linkSetsOf(object);
  const changed = { ...sets, [name]: change(sets[name] ?? {}) };
  draft.put(key, { ...object, "link-sets": orderedLinkSets(changed) });
}

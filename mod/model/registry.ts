/**
 * Every object of the API. A new one is a file beside this one, a file in mod/intent, and a line in each registry.
 * @module
 */
import { endpoint } from "./endpoint.ts";
import { endpointGroup } from "./endpoint_group.ts";
import { global } from "./global.ts";
import { network } from "./network.ts";
import type { ObjectType } from "./object.ts";
import { tenant } from "./tenant.ts";

export const objectTypes: readonly ObjectType[] = [
  endpointGroup,
  endpoint,
  global,
  network,
  tenant,
];

/** The type whose URL has this plural. */
export function typeOfPlural(plural: string): ObjectType | undefined {
  return objectTypes.find((type) => type.plural === plural);
}

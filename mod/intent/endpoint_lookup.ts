/**
 * Finding an endpoint by what people know of it: its id, its container's id or name, or a part of one.
 * @module
 */
import type { ModelObject } from "../model/object.ts";
import type { EndpointState } from "../model/records.ts";
import type { Snapshot } from "../state/snapshot.ts";
import { IntentError } from "./error.ts";
import { endpointOper, endpointsOf } from "./oper.ts";

/** Among all endpoints of the cluster. */
export function findEndpoint(snapshot: Snapshot, id: string): EndpointState {
  return matchEndpoint(endpointsOf(snapshot, () => true), id);
}

/** Exact matches first, then parts, as the original; but it picked any of several, and here that is a "conflict". */
export function matchEndpoint(endpoints: readonly EndpointState[], id: string): EndpointState {
  const namesOf = (it: EndpointState) => [it.endpointID, it.containerId, it.epCommonName];
  const exact = endpoints.filter((it) => id !== "" && namesOf(it).includes(id));
  const found = exact.length > 0
    ? exact
    : endpoints.filter((it) => id !== "" && namesOf(it).some((name) => name.includes(id)));
  const [first, second] = found;
  if (!first) {
    throw new IntentError("not-found", "endpoint not found", `no endpoint is known as ${id}`);
  }
  if (!second) return first;
  const candidates = found.slice(0, 5).map(({ endpointID, netID }) => `${endpointID} (${netID})`);
  throw new IntentError(
    "conflict",
    `${found.length} endpoints match ${id}: ${candidates.join(", ")}${
      found.length > 5 ? ", …" : ""
    }`,
    "give the whole endpoint id",
  );
}

export function inspectEndpoint(snapshot: Snapshot, id: string): ModelObject {
  return { key: id, ...endpointOper(findEndpoint(snapshot, id)) };
}

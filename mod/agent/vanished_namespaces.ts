/**
 * Since when the network namespaces of this host's endpoints have been gone. Somebody who restarts a container may make its namespace
 * again under the same name, so an endpoint is given up only after a grace time. In memory: a fresh process starts counting anew.
 * @module
 */
import type { EndpointState } from "../model/records.ts";
import { endpointsOfHost } from "../intent/host_endpoints.ts";
import type { Snapshot } from "../state/snapshot.ts";

/** Milliseconds that a namespace may be gone before its endpoint is removed. */
export const NAMESPACE_GRACE_MS = 10 * 60_000;

export class VanishedNamespaces {
  /** Milliseconds since the epoch, by endpoint and sandbox: an endpoint that moves to another namespace starts anew. */
  #firstSeen = new Map<string, number>();

  constructor(private readonly grace = NAMESPACE_GRACE_MS) {}

  /** Takes in which of the endpoints have no namespace now; returns those that had none for longer than the grace time. */
  look(gone: readonly EndpointState[], now: number): EndpointState[] {
    this.#firstSeen = new Map(
      gone.map((endpoint) => [keyOf(endpoint), this.#firstSeen.get(keyOf(endpoint)) ?? now]),
    );
    return gone.filter((endpoint) =>
      now - (this.#firstSeen.get(keyOf(endpoint)) ?? now) > this.grace
    );
  }
}

/** The endpoints of `host` that live in a namespace which somebody named; Docker's sandboxes are Docker's to watch. */
export function namespaceEndpoints(snapshot: Snapshot, host: string): EndpointState[] {
  return endpointsOfHost(snapshot, host).filter(({ attachment }) =>
    attachment.kind === "netns" && attachment.sandbox !== undefined
  );
}

const keyOf = ({ id, attachment }: EndpointState): string => `${id} ${attachment.sandbox ?? ""}`;

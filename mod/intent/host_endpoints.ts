/**
 * The endpoints of one host, found by the port numbers that it has given away: however many the cluster has, this costs one host's.
 * @module
 */
import type { Allocation, EndpointState } from "../model/records.ts";
import { endpointKey, portPrefix } from "../state/keys.ts";
import { decode, read, type Snapshot } from "../state/snapshot.ts";

/** Every endpoint has a port number on the host that carries it, made and freed in one transaction with it. */
export function endpointsOfHost(snapshot: Snapshot, host: string): EndpointState[] {
  return snapshot.list(portPrefix(host)).flatMap((item) => {
    const { owner } = decode<Allocation>(item);
    if (owner.kind !== "endpoint") return [];
    const endpoint = read<EndpointState>(snapshot, endpointKey(owner.id));
    return endpoint?.homingHost === host ? [endpoint] : [];
  });
}

/**
 * `GET /api/v1/hosts/`: every host of the cluster and whether its agent runs. The original had no such list.
 * @module
 */
import { z } from "zod";
import type { EndpointState, HostState } from "../../mod/model/records.ts";
import { ENDPOINTS, HOSTS } from "../../mod/state/keys.ts";
import { registeredServices } from "../../mod/state/registration.ts";
import { readAll, type Snapshot } from "../../mod/state/snapshot.ts";

export const hostListItem = z.object({
  name: z.string().describe("The host label"),
  state: z.enum(["up", "down"]).describe("down while its agent does not run; traffic goes on"),
  downSince: z.string().optional().describe("When a master found it down, RFC 3339"),
  controlAddress: z.string(),
  vtepAddress: z.string().describe("Where tunnels to it end"),
  endpoints: z.number().describe("How many it carries"),
});

export type HostListItem = z.infer<typeof hostListItem>;

/** Sorted by name. */
export function hostList(snapshot: Snapshot): HostListItem[] {
  const running = new Set(registeredServices(snapshot, "netplugin").map((it) => it.Hostname));
  const carried = new Map<string, number>();
  for (const { homingHost } of readAll<EndpointState>(snapshot, ENDPOINTS)) {
    carried.set(homingHost, (carried.get(homingHost) ?? 0) + 1);
  }
  return readAll<HostState>(snapshot, HOSTS).map((host) => ({
    name: host.id,
    state: running.has(host.id) ? "up" : "down",
    ...(host.downSince === undefined ? {} : { downSince: new Date(host.downSince).toISOString() }),
    controlAddress: host.controlAddress,
    vtepAddress: host.vtepAddress,
    endpoints: carried.get(host.id) ?? 0,
  }));
}

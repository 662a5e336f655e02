/**
 * Which endpoints and addresses this host's engine still knows, for the sweep of those that it has forgotten.
 * @module
 */
import type { EngineFacts } from "../../mod/docker/stale_endpoints.ts";
import type { DockerEngine } from "./engine.ts";
import { DockerError } from "./error.ts";

/**
 * Facts about the networks of every driver: an endpoint of ours is not forgotten because our driver has another name now. Throws
 * DockerError when the engine cannot be asked: nothing may be concluded then. A network that disappears while it looks is simply not
 * among them.
 */
export async function knownEndpoints(
  engine: DockerEngine,
  signal: AbortSignal,
): Promise<EngineFacts> {
  const endpointIDs = new Set<string>();
  const addresses = new Set<string>();
  for (const { Id } of await engine.listNetworks(signal)) {
    const network = await engine.inspectNetwork(Id, signal).catch((error) => {
      if (error instanceof DockerError && error.code === "not-found") return undefined;
      throw error;
    });
    for (const attached of Object.values(network?.Containers ?? {})) {
      endpointIDs.add(attached.EndpointID);
      for (const cidr of [attached.IPv4Address, attached.IPv6Address]) {
        const [address = ""] = cidr.split("/");
        if (address !== "") addresses.add(`${Id} ${address}`);
      }
    }
  }
  return { endpointIDs, addresses };
}

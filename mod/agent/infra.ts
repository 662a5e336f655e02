/**
 * This host's own endpoints: one in every infra network, made by the agent itself as any other endpoint is. They go with their network.
 * @module
 */
import type { EndpointState, NetworkState } from "../model/records.ts";
import { endpointKey, NETWORKS } from "../state/keys.ts";
import { messageOf } from "../state/message_of.ts";
import { read, readAll, type Snapshot } from "../state/snapshot.ts";
import type { EndpointRequest, EndpointService } from "./endpoint_service.ts";
import type { Log } from "./log.ts";

const DEADLINE_MS = 10_000;

/** Of the infra networks of which `host` has no endpoint yet. */
export function missingInfra(snapshot: Snapshot, host: string): readonly EndpointRequest[] {
  return readAll<NetworkState>(snapshot, NETWORKS)
    .filter(({ id, nwType }) =>
      nwType === "infra" && !read<EndpointState>(snapshot, endpointKey(`${id}-${host}`))
    )
    .map(({ tenant, networkName }) => ({
      tenant,
      network: networkName,
      group: "",
      endpointID: host,
      containerId: host,
      commonName: host,
      attachment: { kind: "host" as const },
    }));
}

export interface InfraEndpointsDeps {
  readonly host: string;
  readonly endpoints: Pick<EndpointService, "create">;
  readonly snapshot: () => Snapshot;
  readonly log: Log;
}

export class InfraEndpoints {
  #running: Promise<boolean> | undefined;
  #again = false;

  constructor(private readonly deps: InfraEndpointsDeps) {}

  /** Makes what is missing. Resolves with whether all could be made; who calls meanwhile waits for the same. */
  ensure(): Promise<boolean> {
    this.#again = true;
    this.#running ??= this.#ensure().finally(() => this.#running = undefined);
    return this.#running;
  }

  async #ensure(): Promise<boolean> {
    this.#again = false;
    let allMade = true;
    for (const request of missingInfra(this.deps.snapshot(), this.deps.host)) {
      try {
        await this.deps.endpoints.create(request, AbortSignal.timeout(DEADLINE_MS));
      } catch (error) {
        allMade = false;
        this.deps.log.warn("This host has no address in infra network {network}: {error}", {
          network: request.network,
          error: messageOf(error),
        });
      }
    }
    return this.#again && allMade ? await this.#ensure() : allMade;
  }
}

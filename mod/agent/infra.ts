/**
 * This host's own endpoints: one in every infra network, made by the agent itself as any other endpoint is. They go with their network.
 * @module
 */
import type { EndpointState, MasterConfig, NetworkState } from "../model/records.ts";
import { parsePrefix } from "../net/prefix.ts";
import { endpointKey, MASTER_CONFIG, NETWORKS } from "../state/keys.ts";
import { messageOf } from "../state/message_of.ts";
import { read, readAll, type Snapshot } from "../state/snapshot.ts";
import { HostAddresses } from "../intent/host_within.ts";
import type { EndpointRequest, EndpointService } from "./endpoint_service.ts";
import { forwardingOf } from "./desired_host.ts";
import { GATEWAY_NETWORK } from "./host_reach.ts";
import type { Kernel } from "./kernel.ts";
import type { Log } from "./log.ts";

const DEADLINE_MS = 10_000;

/** Of the infra networks of which `host` has no endpoint yet. */
export function missingInfra(snapshot: Snapshot, host: string): readonly EndpointRequest[] {
  return readAll<NetworkState>(snapshot, NETWORKS)
    .filter(({ id, nwType, leaving }) =>
      nwType === "infra" && !leaving && !read<EndpointState>(snapshot, endpointKey(`${id}-${host}`))
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

export interface GatewayRoutes {
  readonly prefixes: readonly string[];
  /** Ids of networks that have none: a host of the cluster has an address in their subnet, and would be cut off. */
  readonly withheld: readonly string[];
}

/**
 * The subnets that `host` reaches by its interface contivh1: of all VXLAN networks for containers of that one's tenant. Undefined: the host
 * has no such interface, or the networks are not routed.
 */
export function gatewayRoutes(snapshot: Snapshot, host: string): GatewayRoutes | undefined {
  const networks = readAll<NetworkState>(snapshot, NETWORKS);
  const config = read<MasterConfig>(snapshot, MASTER_CONFIG);
  if (!config || forwardingOf(config) === "bridge") return undefined;
  const gateway = networks.find(({ networkName, nwType, id }) =>
    nwType === "infra" && networkName === GATEWAY_NETWORK &&
    snapshot.get(endpointKey(`${id}-${host}`))
  );
  if (!gateway) return undefined;
  const reached = networks.filter(({ nwType, pktTagType, tenant }) =>
    nwType === "data" && pktTagType === "vxlan" && tenant === gateway.tenant
  );
  const subnetOf = ({ subnetIP, subnetLen }: NetworkState) => `${subnetIP}/${subnetLen}`;
  const hosts = new HostAddresses(snapshot);
  const cutsOff = (network: NetworkState) => {
    const prefix = parsePrefix(subnetOf(network));
    return prefix !== undefined && hosts.within(prefix) !== undefined;
  };
  return {
    prefixes: reached.filter((network) => !cutsOff(network)).map(subnetOf),
    withheld: reached.filter(cutsOff).map(({ id }) => id),
  };
}

export interface InfraEndpointsDeps {
  readonly kernel: Pick<Kernel, "ensureHostRoutes">;
  readonly host: string;
  readonly endpoints: Pick<EndpointService, "create">;
  readonly snapshot: () => Snapshot;
  readonly log: Log;
}

export class InfraEndpoints {
  #running: Promise<boolean> | undefined;
  #again = false;
  #withheld = "";

  constructor(private readonly deps: InfraEndpointsDeps) {}

  /** Makes what is missing. Resolves with whether all could be made; who calls meanwhile waits for the same. */
  ensure(): Promise<boolean> {
    this.#again = true;
    this.#running ??= this.#ensure().finally(() => this.#running = undefined);
    return this.#running;
  }

  async #setRoutes(): Promise<boolean> {
    const { snapshot, host, kernel, log } = this.deps;
    const routes = gatewayRoutes(snapshot(), host);
    try {
      if (routes) await kernel.ensureHostRoutes(GATEWAY_NETWORK, routes.prefixes);
      this.#say(routes?.withheld ?? []);
      return true;
    } catch (error) {
      log.warn("This host has no routes to containers: {error}", { error: messageOf(error) });
      return false;
    }
  }

  #say(withheld: readonly string[]): void {
    const networks = withheld.join(", ");
    if (networks && networks !== this.#withheld) {
      this.deps.log.warn(
        "This host has no route to {networks}: hosts of the cluster have addresses in their subnets, and would not be reached any more",
        { networks },
      );
    }
    this.#withheld = networks;
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
    if (!await this.#setRoutes()) allMade = false;
    return this.#again && allMade ? await this.#ensure() : allMade;
  }
}

/**
 * The network driver: Docker networks stand for Contiv networks and groups, Docker endpoints are the agent's endpoints.
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { EndpointResult, NetworkRef } from "../../mod/agent/endpoint_service.ts";
import {
  createNetwork,
  type NetworkCreation,
  type NetworkPool,
} from "../../mod/docker/create_network.ts";
import { deleteNetwork, type KeptNetwork } from "../../mod/docker/delete_network.ts";
import { findMapping, holderOf, refOf, SWARM } from "../../mod/docker/mapping.ts";
import { describeRef } from "../../mod/docker/names.ts";
import { parseSelection, requestedMac } from "../../mod/docker/options.ts";
import { poolNameOf } from "../../mod/docker/pool_id.ts";
import type { Asker } from "../../mod/docker/asker.ts";
import { addressOfCidr } from "../../mod/docker/cidr.ts";
import { existingRef } from "../../mod/docker/selected.ts";
import { endpointsOfDockerNetwork } from "../../mod/docker/stale_endpoints.ts";
import { IntentError } from "../../mod/intent/error.ts";
import type { NetworkState } from "../../mod/model/records.ts";
import { parsePrefix } from "../../mod/net/prefix.ts";
import { networkId, networkKey } from "../../mod/state/keys.ts";
import { read, type Snapshot } from "../../mod/state/snapshot.ts";
import type { LibnetworkDependencies } from "./dependencies.ts";
import type { PendingPools } from "./pending_pools.ts";
import {
  type CreateEndpointRequest,
  type EndpointIds,
  genericOptions,
  type IpamData,
  type JoinRequest,
  type NetworkRequest,
} from "./wire.ts";

const log = getLogger(["contiv", "libnetwork"]);

const INTERNAL = "com.docker.network.internal";

export class NetworkDriver {
  constructor(
    private readonly dependencies: LibnetworkDependencies,
    private readonly pending: PendingPools,
  ) {}

  /** An engine's own network. It is told once in the network's life; the store remembers. */
  async create(request: NetworkRequest, signal: AbortSignal): Promise<unknown> {
    const options = genericOptions(request.Options);
    await this.#create(request, options, undefined, signal);
    return {};
  }

  /** A swarm network, on a manager; its nodes follow with CreateNetwork. The options returned are what they will be given. */
  async allocate(request: NetworkRequest, signal: AbortSignal): Promise<unknown> {
    const ref = await this.#create(request, request.Options, SWARM, signal);
    const names = { tenant: ref.tenant, network: ref.network };
    return {
      Options: { ...request.Options, ...names, ...(ref.group === "" ? {} : { group: ref.group }) },
    };
  }

  async free({ NetworkID }: { NetworkID: string }, signal: AbortSignal): Promise<unknown> {
    await this.dependencies.commit(
      (snapshot) => deleteNetwork(snapshot, NetworkID, SWARM, this.#asker()),
      signal,
    );
    return {};
  }

  async delete({ NetworkID }: { NetworkID: string }, signal: AbortSignal): Promise<unknown> {
    const { host, endpoints, snapshot, commit } = this.dependencies;
    // The engine removes no network that a container is attached to: what is still here, it has forgotten.
    for (const endpoint of endpointsOfDockerNetwork(await snapshot(), NetworkID, host)) {
      await endpoints.remove(endpoint, signal);
    }
    const kept = await commit(
      (snapshot) =>
        deleteNetwork(snapshot, NetworkID, this.#holder(snapshot, NetworkID), this.#asker()),
      signal,
    );
    if (kept !== undefined) reportKept(NetworkID, kept);
    return {};
  }

  /** Docker 28 and later: a network without gateway needs no gateway's address. */
  async checkGateway({ Options }: { Options: Record<string, unknown> }): Promise<unknown> {
    const snapshot = await this.dependencies.snapshot();
    const ref = existingRef(snapshot, parseSelection({ ...Options, ...genericOptions(Options) }));
    const network = ref && read<NetworkState>(snapshot, networkKey(ref.tenant, ref.network));
    return {
      SkipIPv4: network !== undefined && network.gateway === "",
      SkipIPv6: network !== undefined && (network.ipv6Gateway ?? "") === "",
    };
  }

  async createEndpoint(request: CreateEndpointRequest, signal: AbortSignal): Promise<unknown> {
    const given = {
      address: request.Interface?.Address ?? "",
      address6: request.Interface?.AddressIPv6 ?? "",
      mac: requestedMac(request.Interface?.MacAddress ?? "", request.Options),
    };
    const address = addressOfCidr(given.address);
    const address6 = addressOfCidr(given.address6);
    const result = await this.dependencies.endpoints.create({
      ...await this.#ref(request.NetworkID),
      endpointID: request.EndpointID,
      ...(address === undefined ? {} : { address }),
      ...(address6 === undefined ? {} : { address6 }),
      ...(given.mac === undefined ? {} : { mac: given.mac }),
      attachment: { kind: "docker", dockerNetworkID: request.NetworkID },
    }, signal);
    return { Interface: missingValues(result, given) };
  }

  async deleteEndpoint(request: EndpointIds, signal: AbortSignal): Promise<unknown> {
    await this.dependencies.endpoints.remove({ endpointID: request.EndpointID }, signal);
    return {};
  }

  async join(request: JoinRequest, signal: AbortSignal): Promise<unknown> {
    const ref = await this.#ref(request.NetworkID);
    const netID = networkId(ref.tenant, ref.network);
    const { endpoint, gateway, gateway6 } = await this.dependencies.endpoints.join(
      { netID, endpointID: request.EndpointID },
      request.SandboxKey,
      signal,
    );
    return {
      InterfaceName: { SrcName: endpoint.intfName, DstPrefix: "eth" },
      ...(gateway === undefined ? {} : { Gateway: gateway }),
      ...(gateway6 === undefined ? {} : { GatewayIPv6: gateway6 }),
      // Else the engine would give the container a second way out, docker_gwbridge, past every policy.
      ...(gateway === undefined && gateway6 === undefined ? { DisableGatewayService: true } : {}),
    };
  }

  /** Shown nowhere by the engine but in its debug log. */
  endpointInfo({ EndpointID }: EndpointIds): unknown {
    const found = this.dependencies.endpoints.find(EndpointID);
    if (found === undefined) return { Value: {} };
    const { endpoint, network } = found;
    return {
      Value: {
        "contiv.tenant": network.tenant,
        "contiv.network": network.networkName,
        "contiv.group": endpoint.serviceName,
        "contiv.interface": endpoint.intfName,
        "contiv.host": endpoint.homingHost,
      },
    };
  }

  async #create(
    request: NetworkRequest,
    options: Readonly<Record<string, unknown>>,
    /** undefined: whoever has what this engine tells of. */
    holder: typeof SWARM | undefined,
    signal: AbortSignal,
  ): Promise<NetworkRef> {
    const creation: NetworkCreation = {
      id: request.NetworkID,
      options,
      internal: request.Options[INTERNAL] === true,
      ipv4: request.IPv4Data.map(poolOf),
      ipv6: request.IPv6Data.map(poolOf),
      pending: this.#pendingRefs(request),
    };
    const ref = await this.dependencies.commit(
      (snapshot) =>
        createNetwork(
          snapshot,
          creation,
          holder ?? this.#holder(snapshot, creation.id),
          this.#asker(),
        ),
      signal,
    );
    for (const prefix of prefixesOf(request)) this.pending.remove(prefix, poolNameOf(ref));
    return ref;
  }

  #pendingRefs(request: NetworkRequest): NetworkRef[] {
    const [first] = prefixesOf(request);
    return first === undefined ? [] : this.pending.candidates(first);
  }

  async #ref(id: string): Promise<NetworkRef> {
    const snapshot = await this.dependencies.snapshot();
    const mapping = findMapping(snapshot, id, this.dependencies.host);
    if (mapping !== undefined) return refOf(mapping);
    throw new IntentError(
      "not-found",
      `Docker's network ${id} stands for no Contiv network`,
      "remove it and create it again: docker network rm",
    );
  }

  #holder(snapshot: Snapshot, id: string): string {
    return holderOf(snapshot, id, this.dependencies.host, this.dependencies.scope);
  }

  #asker(): Asker {
    return { host: this.dependencies.host, now: this.dependencies.now() };
  }
}

function reportKept(id: string, { ref, why }: KeptNetwork): void {
  log.warn("Docker's network {id} is removed, but {what} stays and comes back: {why}", {
    id: id.slice(0, 12),
    what: describeRef(ref),
    why,
  });
}

/** The engine refuses to be told again what it told us. */
function missingValues(
  { endpoint, network }: EndpointResult,
  given: { address: string; address6: string; mac: string | undefined },
): Record<string, string> {
  return {
    ...(given.address === "" && endpoint.ipAddress !== ""
      ? { Address: `${endpoint.ipAddress}/${network.subnetLen}` }
      : {}),
    ...(given.address6 === "" && endpoint.ipv6Address !== ""
      ? { AddressIPv6: `${endpoint.ipv6Address}/${network.ipv6SubnetLen ?? 128}` }
      : {}),
    ...(given.mac === undefined ? { MacAddress: endpoint.macAddress } : {}),
  };
}

function poolOf({ Pool, Gateway, AuxAddresses }: IpamData): NetworkPool {
  return { pool: Pool, gateway: Gateway, auxiliary: Object.values(AuxAddresses) };
}

function prefixesOf({ IPv4Data, IPv6Data }: NetworkRequest): NonNullable<
  ReturnType<typeof parsePrefix>
>[] {
  return [...IPv4Data, ...IPv6Data].flatMap(({ Pool }) => parsePrefix(Pool) ?? []);
}

/**
 * Everything this host should be, kept up to date with the store: `reset` computes it from a snapshot, `update` only what a change
 * concerns, and both always come to the same. Owners (`base`, `network:<id>`, `endpoint:<id>`) are the unit of change.
 * @module
 */
import {
  endpointKey,
  ENDPOINTS,
  MASTER_CONFIG,
  NETWORKS,
  tenantKey,
  TENANTS,
} from "../state/keys.ts";
import { read, readAll, type Snapshot } from "../state/snapshot.ts";
import type { EndpointState, MasterConfig, NetworkState, TenantState } from "../model/records.ts";
import type { PipelineHost } from "../pipeline/input.ts";
import { baseFlows, networkFlows } from "../pipeline/pipeline.ts";
import { CLUSTER_ID } from "./cluster_guard.ts";
import { type DesiredEndpoint, desiredEndpoint, pipelineNetwork } from "./desired_endpoint.ts";
import type { HostFacts } from "./host_facts.ts";
import type { HostAccessSpec } from "./kernel.ts";
import {
  HOST_PORT_NAME,
  HOST_PORT_NUMBER,
  type PrivateSubnet,
  privateSubnet,
} from "./private_subnet.ts";
import type { PipelineContent, PortSpec } from "./switch.ts";

export const BASE = "base";
export const networkOwner = (id: string): string => `network:${id}`;
export const endpointOwner = (id: string): string => `endpoint:${id}`;

/** The host's own part: absent until the global configuration is in the store. */
export interface DesiredHost {
  readonly subnet: PrivateSubnet;
  readonly pipeline: PipelineHost;
  readonly port: PortSpec;
  readonly access: HostAccessSpec;
}

type Part = Partial<PipelineContent>;
const NOTHING: Part = {};
const NONE: readonly never[] = [];

export class DesiredState {
  #snapshot: Snapshot | undefined;
  #config: MasterConfig | undefined;
  #host: DesiredHost | undefined;
  readonly #endpoints = new Map<string, DesiredEndpoint>();
  /** VRF and flows of each network of each tenant that has an endpoint here. */
  readonly #networks = new Map<string, Part & { vrf: number; network: NetworkState }>();
  #base: Part = NOTHING;
  readonly #retired = new Set<string>();

  constructor(private readonly facts: HostFacts) {}

  get host(): DesiredHost | undefined {
    return this.#host;
  }
  endpoint(id: string): DesiredEndpoint | undefined {
    return this.#endpoints.get(id);
  }
  endpoints(): Iterable<DesiredEndpoint> {
    return this.#endpoints.values();
  }

  /** Flows that `owner` wants; none when it is not, or no longer, wanted here. What did not change keeps its identity. */
  flows(owner: string): PipelineContent["flows"] {
    return this.#part(owner).flows ?? NONE;
  }
  groups(owner: string): PipelineContent["groups"] {
    return this.#part(owner).groups ?? NONE;
  }
  meters(owner: string): PipelineContent["meters"] {
    return this.#part(owner).meters ?? NONE;
  }

  #part(owner: string): Part {
    if (owner === BASE) return this.#base;
    const id = owner.slice(owner.indexOf(":") + 1);
    return (owner.startsWith("network:") ? this.#networks.get(id) : this.#endpoints.get(id)) ??
      NOTHING;
  }

  owners(): string[] {
    return [
      BASE,
      ...[...this.#networks.keys()].map(networkOwner),
      ...[...this.#endpoints.keys()].map(endpointOwner),
    ];
  }

  /** Takes an endpoint out ahead of its record's removal; `restore` undoes it when the record has to stay. */
  retire(id: string): readonly string[] {
    this.#retired.add(id);
    return this.#refresh([id]);
  }
  restore(id: string): readonly string[] {
    this.#retired.delete(id);
    return this.#refresh([id]);
  }

  /** Computes everything. Returns every owner that is, or was, wanted. What did not change keeps its identity. */
  reset(snapshot: Snapshot): readonly string[] {
    const before = this.owners();
    this.#snapshot = snapshot;
    const config = read<MasterConfig>(snapshot, MASTER_CONFIG);
    if (config !== this.#config) {
      this.#config = config;
      this.#host = desiredHost(config, this.facts);
      this.#base = this.#host ? { flows: baseFlows(this.#host.pipeline) } : NOTHING;
      this.#networks.clear();
      this.#endpoints.clear();
    }
    const here = readAll<EndpointState>(snapshot, ENDPOINTS)
      .filter((endpoint) => endpoint.homingHost === this.facts.host)
      .map((endpoint) => endpoint.id);
    this.#refresh([...new Set([...this.#endpoints.keys(), ...here])]);
    return [...new Set([...before, ...this.owners()])];
  }

  /** Follows a change of the store. Returns the owners whose desired state may have changed. */
  update(snapshot: Snapshot, changedKeys: Iterable<string>): readonly string[] {
    const ids: string[] = [];
    let everything = this.#snapshot === undefined;
    for (const key of changedKeys) {
      if (key.startsWith(ENDPOINTS)) ids.push(key.slice(ENDPOINTS.length));
      else if (key === MASTER_CONFIG || key.startsWith(NETWORKS) || key.startsWith(TENANTS)) {
        everything = true;
      }
    }
    if (everything) return this.reset(snapshot);
    this.#snapshot = snapshot;
    return this.#refresh(ids);
  }

  #refresh(ids: readonly string[]): readonly string[] {
    const snapshot = this.#snapshot;
    if (!snapshot) return [];
    const dirty = new Set<string>();
    const tenants = new Set<string>();
    for (const id of ids) {
      const before = this.#endpoints.get(id);
      const after = this.#compute(snapshot, id, tenants);
      if (before) tenants.add(before.network.tenant);
      if (!before && !after) continue;
      if (after) this.#endpoints.set(id, after);
      else this.#endpoints.delete(id);
      dirty.add(endpointOwner(id));
    }
    for (const tenant of tenants) this.#refreshNetworks(snapshot, tenant, dirty);
    return [...dirty];
  }

  #compute(snapshot: Snapshot, id: string, tenants: Set<string>): DesiredEndpoint | undefined {
    const endpoint = read<EndpointState>(snapshot, endpointKey(id));
    const host = this.#host;
    if (!host || !endpoint || endpoint.homingHost !== this.facts.host) return undefined;
    if (this.#retired.has(id) || endpoint.attachment.kind === "external") return undefined;
    const network = read<NetworkState>(snapshot, NETWORKS + endpoint.netID);
    const tenant = network && read<TenantState>(snapshot, tenantKey(network.tenant));
    if (!network || !tenant) return undefined;
    tenants.add(network.tenant);
    const before = this.#endpoints.get(id);
    if (before?.endpoint === endpoint && before.network === network) return before;
    return desiredEndpoint(endpoint, {
      facts: this.facts,
      subnet: host.subnet,
      host: host.pipeline,
      network,
      vrf: tenant.vrf,
    });
  }

  /** A tenant's networks are wanted here while the tenant has an endpoint here. */
  #refreshNetworks(snapshot: Snapshot, tenantName: string, dirty: Set<string>): void {
    const host = this.#host;
    const tenant = read<TenantState>(snapshot, tenantKey(tenantName));
    const wanted = host && tenant && this.#hasEndpoint(tenantName);
    const networks = wanted
      ? readAll<NetworkState>(snapshot, NETWORKS).filter((network) => network.tenant === tenantName)
      : [];
    const ids = new Set(networks.map((network) => network.id));
    for (const [id, { network }] of this.#networks) {
      if (network.tenant !== tenantName || ids.has(id)) continue;
      this.#networks.delete(id);
      dirty.add(networkOwner(id));
    }
    for (const network of networks) {
      if (!host || !tenant || this.#networks.get(network.id)?.network === network) continue;
      const flows = networkFlows(pipelineNetwork(network, tenant.vrf), host.pipeline);
      this.#networks.set(network.id, { vrf: tenant.vrf, network, flows });
      dirty.add(networkOwner(network.id));
    }
  }

  #hasEndpoint(tenant: string): boolean {
    for (const { network } of this.#endpoints.values()) if (network.tenant === tenant) return true;
    return false;
  }
}

function desiredHost(config: MasterConfig | undefined, facts: HostFacts): DesiredHost | undefined {
  const subnet = config && privateSubnet(config["pvt-subnet"]);
  if (!subnet) return undefined;
  return {
    subnet,
    pipeline: {
      forwarding: "routing",
      arpMode: "proxy",
      access: {
        port: HOST_PORT_NUMBER,
        mac: subnet.mac,
        subnet: subnet.prefix,
        address: subnet.address,
        subnet6: subnet.prefix6,
        address6: subnet.address6,
      },
    },
    port: {
      name: HOST_PORT_NAME,
      type: "internal",
      number: HOST_PORT_NUMBER,
      externalIds: {
        "contiv-owner": "host",
        "endpoint-id": "hostcontivh0",
        [CLUSTER_ID]: facts.cluster,
      },
      mac: subnet.mac,
      mtu: facts.mtu,
    },
    access: {
      link: HOST_PORT_NAME,
      mac: subnet.mac,
      mtu: facts.mtu,
      addresses: [`${subnet.address}/16`, `${subnet.address6}/64`],
      masquerade: [subnet.prefix, subnet.prefix6],
    },
  };
}

/**
 * Everything this host should be, kept up to date with the store: `reset` computes it from a snapshot, `update` only what a change
 * concerns, and both always come to the same. Owners (`base`, `peer:<address>`, `network:<id>`, `endpoint:<id>`, `remote:<id>`) are the
 * unit of change.
 *
 * What a host needs of the others is what its own endpoints can reach: their tenants' networks in routing mode, their own in bridge mode.
 * @module
 */
import {
  endpointKey,
  ENDPOINTS,
  hostKey,
  HOSTS,
  MASTER_CONFIG,
  NETWORKS,
  TENANTS,
} from "../state/keys.ts";
import { read, type Snapshot } from "../state/snapshot.ts";
import type { EndpointState, HostState, MasterConfig, NetworkState } from "../model/records.ts";
import { baseFlows } from "../pipeline/pipeline.ts";
import type { Change, Touched } from "./change.ts";
import type { DesiredEndpoint, EndpointSurroundings } from "./desired_endpoint.ts";
import { desiredEndpoint } from "./desired_endpoint.ts";
import { type DesiredHost, desiredHost } from "./desired_host.ts";
import {
  type DesiredNetwork,
  desiredNetwork,
  isCurrent,
  type Listeners,
  placeOf,
} from "./desired_network.ts";
import { DesiredPeers } from "./desired_peers.ts";
import { type DesiredRemote, desiredRemote } from "./desired_remote.ts";
import { EndpointIndex } from "./endpoint_index.ts";
import type { HostFacts } from "./host_facts.ts";
import { openedBy } from "./host_reach.ts";
import { Reach } from "./reach.ts";
import { BASE, endpointOwner, networkOwner, peerOwner, remoteOwner } from "./owners.ts";
import type { PipelineContent, PortSpec } from "./switch.ts";

type Part = Partial<PipelineContent>;
const NOTHING: Part = {}, NONE: readonly never[] = [];

export class DesiredState {
  #snapshot: Snapshot | undefined;
  #config: MasterConfig | undefined;
  #host: DesiredHost | undefined;
  #base: Part = NOTHING;
  readonly #peers: DesiredPeers;
  readonly #index = new EndpointIndex();
  readonly #reach = new Reach();
  readonly #networks = new Map<string, DesiredNetwork>();
  readonly #endpoints = new Map<string, DesiredEndpoint>();
  readonly #remotes = new Map<string, DesiredRemote>();
  readonly #retired = new Set<string>();

  constructor(private readonly facts: HostFacts) {
    this.#peers = new DesiredPeers(facts);
  }

  get host(): DesiredHost | undefined {
    return this.#host;
  }
  endpoint(id: string): DesiredEndpoint | undefined {
    return this.#endpoints.get(id);
  }
  endpoints(): Iterable<DesiredEndpoint> {
    return this.#endpoints.values();
  }

  /** What an endpoint here would be whose record is not there yet; undefined when that cannot be said. */
  foresee(endpoint: EndpointState): DesiredEndpoint | undefined {
    const around = this.#around(this.#snapshot, endpoint.netID);
    return around && desiredEndpoint(endpoint, around);
  }

  /** Ports of the host itself. Without another host there is no tunnel, and its UDP port stays free for others to use. */
  hostPorts(): readonly PortSpec[] {
    if (!this.#host) return [];
    const { access, tunnel, uplink } = this.#host;
    const tunnels = this.#peers.size > 0 || !access; // without contivh0 it carries the mark of the cluster
    return [access?.port, tunnels && tunnel, uplink].filter((port) => !!port);
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
    const colon = owner.indexOf(":");
    const id = owner.slice(colon + 1);
    switch (owner.slice(0, colon)) {
      case "network":
        return this.#networks.get(id) ?? NOTHING;
      case "endpoint":
        return this.#endpoints.get(id) ?? NOTHING;
      case "remote":
        return this.#remotes.get(id) ?? NOTHING;
      default:
        return { flows: this.#peers.flows(id) ?? NONE };
    }
  }

  owners(): string[] {
    return [
      BASE,
      ...[...this.#peers.addresses()].map(peerOwner),
      ...[...this.#networks.keys()].map(networkOwner),
      ...[...this.#endpoints.keys()].map(endpointOwner),
      ...[...this.#remotes.keys()].map(remoteOwner),
    ];
  }

  /** Takes an endpoint out ahead of its record's removal; `restore` undoes it when the record has to stay. */
  retire(id: string): readonly string[] {
    this.#retired.add(id);
    return this.#refresh({ hosts: [], networks: [], endpoints: [id] });
  }
  restore(id: string): readonly string[] {
    this.#retired.delete(id);
    return this.#refresh({ hosts: [], networks: [], endpoints: [id] });
  }

  /** Computes everything. Returns every owner that is, or was, wanted. What did not change keeps its identity. */
  reset(snapshot: Snapshot): readonly string[] {
    const before = this.owners();
    const config = read<MasterConfig>(snapshot, MASTER_CONFIG);
    if (config !== this.#config) this.#configure(config);
    this.#snapshot = snapshot;
    const networks = [...this.#reach.networks(), ...idsUnder(snapshot, NETWORKS)];
    const change = {
      hosts: new Set([...this.#peers.labels(), ...idsUnder(snapshot, HOSTS)]),
      networks: new Set(networks.filter((id) => !isCurrent(snapshot, this.#networks.get(id)))),
      endpoints: this.#index.outdated(snapshot),
    };
    this.#refresh(change);
    return [...new Set([...before, ...this.owners()])];
  }

  #configure(config: MasterConfig | undefined): void {
    this.#config = config;
    this.#host = desiredHost(config, this.facts);
    this.#base = this.#host ? { flows: baseFlows(this.#host.pipeline) } : NOTHING;
    this.#reach.reset(this.#host?.pipeline.forwarding ?? "routing");
    for (const part of [this.#peers, this.#index, this.#networks, this.#endpoints, this.#remotes]) {
      part.clear();
    }
  }

  /** Follows a change of the store. Returns the owners whose desired state may have changed. */
  update(snapshot: Snapshot, changedKeys: Iterable<string>): readonly string[] {
    const keys = [...changedKeys];
    if (this.#snapshot === undefined || keys.includes(MASTER_CONFIG)) return this.reset(snapshot);
    const under = (prefix: string) =>
      keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
    const networks = new Set(under(NETWORKS));
    for (const tenant of [...under(TENANTS), ...under(NETWORKS).map(openedBy)]) {
      for (const id of this.#reach.networksOf(tenant)) networks.add(id);
    }
    this.#snapshot = snapshot;
    return this.#refresh({ hosts: under(HOSTS), networks, endpoints: under(ENDPOINTS) });
  }

  /** What is touched is computed again: hosts, then endpoints here, which say what is reached, then networks, then endpoints elsewhere. */
  #refresh({ hosts, networks, endpoints }: Change): readonly string[] {
    const snapshot = this.#snapshot;
    if (!snapshot) return [];
    const touched: Touched = {
      dirty: new Set(),
      networks: new Set(networks),
      endpoints: new Set(endpoints),
    };
    const wholly = (netID: string) => {
      touched.networks.add(netID);
      for (const id of this.#index.ofNetwork(netID)) touched.endpoints.add(id);
    };
    for (const label of hosts) this.#refreshHost(snapshot, label, touched);
    for (const netID of networks) {
      this.#reach.place(netID, read<NetworkState>(snapshot, NETWORKS + netID)?.tenant);
      wholly(netID);
    }
    const flipped = new Set<string>();
    for (const id of touched.endpoints) {
      for (const netID of this.#refreshEndpoint(snapshot, id, touched)) flipped.add(netID);
    }
    flipped.forEach(wholly);
    for (const netID of touched.networks) this.#refreshNetwork(snapshot, netID, touched);
    for (const id of touched.endpoints) this.#refreshRemote(id, touched);
    return [...touched.dirty];
  }

  #refreshHost(snapshot: Snapshot, label: string, touched: Touched): void {
    const tunnelled = this.#peers.size > 0;
    const host = read<HostState>(snapshot, hostKey(label));
    const peers = this.#peers.set(label, host, this.#host?.pipeline);
    if (!peers) return;
    for (const address of peers) touched.dirty.add(peerOwner(address));
    if (this.#peers.size > 0 !== tunnelled) touched.dirty.add(BASE);
    for (const id of this.#index.ofHost(label)) {
      touched.endpoints.add(id);
      const netID = this.#index.get(id)?.netID;
      if (netID !== undefined) touched.networks.add(netID);
    }
  }

  /** Returns the networks that are reached from now on, or no longer. */
  #refreshEndpoint(snapshot: Snapshot, id: string, touched: Touched): readonly string[] {
    const record = read<EndpointState>(snapshot, endpointKey(id));
    const netIDs = [this.#index.get(id)?.netID, record?.netID].filter((it) => it !== undefined);
    const carriersChanged = this.#index.set(id, record);
    const before = this.#endpoints.get(id);
    const after = this.#computeEndpoint(snapshot, id);
    if (carriersChanged || before !== after) { for (const it of netIDs) touched.networks.add(it); }
    if (before === after) return [];
    if (after) this.#endpoints.set(id, after);
    else this.#endpoints.delete(id);
    touched.dirty.add(endpointOwner(id));
    return [
      ...(after && !before ? this.#reach.count(after.network, 1) : []),
      ...(before && !after ? this.#reach.count(before.network, -1) : []),
    ];
  }

  #computeEndpoint(snapshot: Snapshot, id: string): DesiredEndpoint | undefined {
    const endpoint = this.#index.get(id);
    if (!endpoint || endpoint.homingHost !== this.facts.host) return undefined;
    if (this.#retired.has(id)) return undefined;
    const around = this.#around(snapshot, endpoint.netID);
    if (!around) return undefined;
    const before = this.#endpoints.get(id);
    if (before?.endpoint === endpoint && before.network === around.network) return before;
    return desiredEndpoint(endpoint, around);
  }

  #around(snapshot: Snapshot | undefined, netID: string): EndpointSurroundings | undefined {
    const host = this.#host;
    const place = snapshot && host && placeOf(snapshot, netID);
    return place && {
      facts: this.facts,
      host: host.pipeline,
      ...(host.access ? { subnet: host.access.subnet } : {}),
      ...place,
    };
  }

  #refreshNetwork(snapshot: Snapshot, netID: string, { dirty }: Touched): void {
    const place = placeOf(snapshot, netID);
    const before = this.#networks.get(netID);
    const after = this.#host && place && this.#reach.reaches(place.network)
      ? desiredNetwork(place, this.#listeners(netID), this.#host.pipeline, before)
      : undefined;
    if (before === after) return;
    if (after) this.#networks.set(netID, after);
    else this.#networks.delete(netID);
    dirty.add(networkOwner(netID));
  }

  #listeners(netID: string): Listeners {
    if (this.#host?.pipeline.forwarding !== "bridge") return { ports: [], vteps: [] };
    const here = [...this.#index.ofNetworkOn(netID, this.facts.host)];
    const vteps = [...this.#index.carriers(netID)].map((label) => this.#peers.vtep(label));
    return {
      ports: here.map((id) => this.#endpoints.get(id)?.endpoint.portNumber)
        .filter((port) => port !== undefined).sort((a, b) => a - b),
      vteps: [...new Set(vteps.filter((vtep) => vtep !== undefined))].sort(),
    };
  }

  #refreshRemote(id: string, { dirty }: Touched): void {
    const before = this.#remotes.get(id);
    const after = this.#computeRemote(id, before);
    if (before === after) return;
    if (after) this.#remotes.set(id, after);
    else this.#remotes.delete(id);
    dirty.add(remoteOwner(id));
  }

  #computeRemote(id: string, before: DesiredRemote | undefined): DesiredRemote | undefined {
    const endpoint = this.#index.get(id);
    const around = endpoint && this.#networks.get(endpoint.netID);
    const vtep = endpoint && this.#peers.vtep(endpoint.homingHost);
    if (!this.#host || !around || vtep === undefined) return undefined;
    const { network, vrf } = around;
    const same = before?.endpoint === endpoint && before.around.network === network &&
      before.around.vrf === vrf && before.around.vtep === vtep;
    return same ? before : desiredRemote(endpoint, { network, vrf, vtep }, this.#host.pipeline);
  }
}

function idsUnder(snapshot: Snapshot, prefix: string): string[] {
  return snapshot.list(prefix).map(({ key }) => key.slice(prefix.length));
}

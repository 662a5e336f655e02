/**
 * Which networks this host's Docker engine should have, and what to do about those that it has: pure decision of the controller in
 * drivers/docker. Every data network and every group has one Docker network on every host, named as the original named it.
 * @module
 */
import type { NetworkRef } from "../agent/endpoint_service.ts";
import type { GroupState, MasterConfig, NetworkState } from "../model/records.ts";
import { formatPrefix, parsePrefix } from "../net/prefix.ts";
import { dockerNetworkKey, GROUPS, MASTER_CONFIG, networkKey, NETWORKS } from "../state/keys.ts";
import { read, readAll, type Snapshot } from "../state/snapshot.ts";
import { mappings, refOf } from "./mapping.ts";
import { describeRef, dockerNetworkName } from "./names.ts";
import { subnetOf } from "./pool_id.ts";

/** Marks the networks that we made, so that a fresh process removes no others. Its value is `<tenant>:<network>:<group>`. */
export const MANAGED_LABEL = "io.contiv.network";

/** Body of `POST /networks/create` (Engine API 1.40 and later). */
export interface NetworkCreateBody {
  readonly Name: string;
  readonly CheckDuplicate: true;
  readonly Driver: string;
  readonly Attachable: true;
  readonly EnableIPv6: boolean;
  readonly IPAM: {
    readonly Driver: string;
    readonly Options: Readonly<Record<string, string>>;
    readonly Config: readonly { readonly Subnet: string; readonly Gateway?: string }[];
  };
  readonly Options: Readonly<Record<string, string>>;
  readonly Labels: Readonly<Record<string, string>>;
}

/** What the decision needs to know of a network that the engine has. */
export interface EngineNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly subnets: readonly string[];
}

export type NetworkAction =
  | { readonly type: "create"; readonly ref: NetworkRef; readonly body: NetworkCreateBody }
  /** The engine has it; the store does not know yet. */
  | { readonly type: "record"; readonly ref: NetworkRef; readonly id: string }
  /** The store thinks that the engine has it. So it is, for a moment, while the engine creates one: wait before acting. */
  | { readonly type: "forget"; readonly ref: NetworkRef; readonly id: string }
  | { readonly type: "remove"; readonly id: string; readonly name: string; readonly why: string };

/** What keeps a network from being as it should; a person has to act. */
export interface NetworkProblem {
  /** Absent: what it stood for is gone. */
  readonly ref: NetworkRef | undefined;
  readonly message: string;
}

export interface NetworkDecision {
  readonly actions: readonly NetworkAction[];
  readonly problems: readonly NetworkProblem[];
}

/** This host and the name that its engine knows the driver by. */
export interface EngineIdentity {
  readonly host: string;
  readonly driver: string;
}

interface Wanted {
  readonly ref: NetworkRef;
  readonly body: NetworkCreateBody;
}

/** The difference between the store's networks and groups and what the engine has. */
export function decideNetworks(
  snapshot: Snapshot,
  engine: readonly EngineNetwork[],
  identity: EngineIdentity,
): NetworkDecision {
  const wanted = new Map(
    wantedNetworks(snapshot, identity.driver).map((want) => [want.body.Name, want]),
  );
  const actions: NetworkAction[] = [];
  const problems: NetworkProblem[] = [];
  for (const want of wanted.values()) {
    const step = decideOne(snapshot, want, engine, identity);
    if (step === undefined) continue;
    if ("message" in step) problems.push(step);
    else actions.push(step);
  }
  actions.push(...superfluous(snapshot, wanted, engine, identity));
  actions.push(...vanished(snapshot, engine, identity));
  return { actions, problems };
}

/** One Docker network for each data network and each group; those that Docker itself made are there already. */
export function wantedNetworks(snapshot: Snapshot, driver: string): Wanted[] {
  const config = read<MasterConfig>(snapshot, MASTER_CONFIG);
  if (config?.["nw-infra-type"] === "aci") return [];
  const madeByDocker = new Set(
    mappings(snapshot).filter((mapping) => mapping.createdByDocker)
      .map((mapping) => networkKey(mapping.tenantName, mapping.networkName)),
  );
  const wanted: Wanted[] = [];
  for (const network of readAll<NetworkState>(snapshot, NETWORKS)) {
    const key = networkKey(network.tenant, network.networkName);
    if (network.nwType !== "data" || madeByDocker.has(key)) continue;
    const ref = { tenant: network.tenant, network: network.networkName, group: "" };
    wanted.push({ ref, body: createBody(ref, network, network, driver) });
  }
  for (const group of readAll<GroupState>(snapshot, GROUPS)) {
    const network = read<NetworkState>(snapshot, networkKey(group.tenantName, group.networkName));
    if (network?.nwType !== "data") continue;
    const { tenantName: tenant, networkName, groupName } = group;
    const ref = { tenant, network: networkName, group: groupName };
    wanted.push({ ref, body: createBody(ref, network, group, driver) });
  }
  return wanted;
}

function createBody(
  ref: NetworkRef,
  network: NetworkState,
  tagged: Pick<NetworkState, "pktTagType" | "pktTag" | "extPktTag">,
  driver: string,
): NetworkCreateBody {
  const names = {
    tenant: ref.tenant,
    network: ref.network,
    ...(ref.group === "" ? {} : { group: ref.group }),
  };
  const subnet6 = subnetOf(network, 6);
  const tag = tagged.pktTagType === "vxlan" ? tagged.extPktTag : tagged.pktTag;
  return {
    Name: dockerNetworkName(ref),
    CheckDuplicate: true,
    Driver: driver,
    Attachable: true,
    EnableIPv6: subnet6 !== undefined,
    IPAM: {
      Driver: driver,
      Options: names,
      Config: [
        poolConfig(`${network.subnetIP}/${network.subnetLen}`, network.gateway),
        ...(subnet6 ? [poolConfig(formatPrefix(subnet6), network.ipv6Gateway ?? "")] : []),
      ],
    },
    // CreateNetwork sees these only, never the IPAM options: the names are repeated for it.
    Options: { ...names, encap: tagged.pktTagType, "pkt-tag": String(tag) },
    Labels: { [MANAGED_LABEL]: labelOf(ref) },
  };
}

function poolConfig(subnet: string, gateway: string): { Subnet: string; Gateway?: string } {
  return gateway === "" ? { Subnet: subnet } : { Subnet: subnet, Gateway: gateway };
}

function labelOf({ tenant, network, group }: NetworkRef): string {
  return `${tenant}:${network}:${group}`;
}

function decideOne(
  snapshot: Snapshot,
  { ref, body }: Wanted,
  engine: readonly EngineNetwork[],
  { host, driver }: EngineIdentity,
): NetworkAction | NetworkProblem | undefined {
  const recorded = read<{ docknetUUID: Record<string, string> }>(
    snapshot,
    dockerNetworkKey(ref.tenant, ref.network, ref.group),
  )?.docknetUUID[host];
  const sameName = engine.filter((network) => network.name === body.Name);
  const found = sameName.find((network) => network.id === recorded) ??
    sameName.find((network) => network.driver === driver) ?? sameName[0];
  if (found === undefined) return { type: "create", ref, body };
  if (found.driver !== driver) {
    return {
      ref,
      message:
        `network name used by another driver: Docker's network ${body.Name} has the driver ` +
        `${found.driver}, so ${describeRef(ref)} cannot be used by Docker on ${host}; ` +
        `remove it: docker network rm ${body.Name}`,
    };
  }
  const other = mappings(snapshot).find((mapping) =>
    mapping.docknetUUID[host] === found.id && labelOf(refOf(mapping)) !== labelOf(ref)
  );
  if (other !== undefined && found.labels[MANAGED_LABEL] !== labelOf(ref)) {
    return {
      ref,
      message: `Docker's network ${body.Name} stands for ${describeRef(refOf(other))}, so ` +
        `${describeRef(ref)} cannot be used by Docker on ${host}; ` +
        `remove it: docker network rm ${body.Name}`,
    };
  }
  const label = found.labels[MANAGED_LABEL];
  if (label !== undefined && label !== labelOf(ref)) return removal(found, "it was another's");
  if (!sameSubnets(found, body)) return removal(found, "its subnet is another one");
  return recorded === found.id ? undefined : { type: "record", ref, id: found.id };
}

function sameSubnets(found: EngineNetwork, body: NetworkCreateBody): boolean {
  const canonical = (texts: readonly string[]) =>
    texts.map((text) => {
      const prefix = parsePrefix(text);
      return prefix === undefined ? text : formatPrefix(prefix);
    }).sort().join();
  return canonical(found.subnets) === canonical(body.IPAM.Config.map((pool) => pool.Subnet));
}

/** Networks that we made, by their label or by the store's record, whose object is gone. */
function superfluous(
  snapshot: Snapshot,
  wanted: ReadonlyMap<string, Wanted>,
  engine: readonly EngineNetwork[],
  { host, driver }: EngineIdentity,
): NetworkAction[] {
  const recorded = new Set(
    mappings(snapshot).filter((mapping) => !mapping.createdByDocker)
      .flatMap((mapping) => mapping.docknetUUID[host] ?? []),
  );
  return engine.filter((network) =>
    network.driver === driver && !wanted.has(network.name) &&
    (MANAGED_LABEL in network.labels || recorded.has(network.id))
  ).map((network) => removal(network, "its network or group is gone"));
}

function removal({ id, name }: EngineNetwork, why: string): NetworkAction {
  return { type: "remove", id, name, why };
}

/** Records of this host whose Docker network the engine no longer has. */
function vanished(
  snapshot: Snapshot,
  engine: readonly EngineNetwork[],
  { host }: EngineIdentity,
): NetworkAction[] {
  const present = new Set(engine.map((network) => network.id));
  return mappings(snapshot).flatMap((mapping): NetworkAction[] => {
    const id = mapping.docknetUUID[host];
    return id === undefined || present.has(id) ? [] : [{ type: "forget", ref: refOf(mapping), id }];
  });
}

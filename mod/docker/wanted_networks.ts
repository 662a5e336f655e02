/**
 * Which networks a Docker engine should have: one for every data network and every group, named as the original named it.
 * @module
 */
import type { NetworkRef } from "../agent/endpoint_service.ts";
import type { GroupState, MasterConfig, NetworkState } from "../model/records.ts";
import { formatPrefix } from "../net/prefix.ts";
import { GROUPS, MASTER_CONFIG, networkKey, NETWORKS } from "../state/keys.ts";
import { read, readAll, type Snapshot } from "../state/snapshot.ts";
import { SWARM } from "./mapping.ts";
import { dockerNetworkName } from "./names.ts";
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

export interface WantedNetwork {
  readonly ref: NetworkRef;
  /** A network of the user's own making will do, under whatever name. */
  readonly userMade: boolean;
  readonly body: NetworkCreateBody;
}

/** Docker's ids: a network that its user did not name for others is called so. */
const DOCKER_ID = /^[0-9a-f]{64}$/;

/**
 * One Docker network for each data network and each group. Of those that Docker itself made: those that were given a name. Swarm brings
 * its own to each of its nodes.
 */
export function wantedNetworks(snapshot: Snapshot, driver: string): WantedNetwork[] {
  const config = read<MasterConfig>(snapshot, MASTER_CONFIG);
  if (config?.["nw-infra-type"] === "aci") return [];
  const wanted: WantedNetwork[] = [];
  for (const network of readAll<NetworkState>(snapshot, NETWORKS)) {
    const { networkName, dockerHolder } = network;
    const itsOwn = dockerHolder !== undefined && DOCKER_ID.test(networkName);
    if (network.nwType !== "data" || itsOwn || dockerHolder === SWARM) continue;
    const ref = { tenant: network.tenant, network: networkName, group: "" };
    const userMade = dockerHolder !== undefined;
    wanted.push({ ref, userMade, body: createBody(ref, network, network, driver) });
  }
  for (const group of readAll<GroupState>(snapshot, GROUPS)) {
    const network = read<NetworkState>(snapshot, networkKey(group.tenantName, group.networkName));
    if (network?.nwType !== "data") continue;
    const { tenantName: tenant, networkName, groupName } = group;
    const ref = { tenant, network: networkName, group: groupName };
    wanted.push({ ref, userMade: false, body: createBody(ref, network, group, driver) });
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

/** The label's value. */
export function labelOf({ tenant, network, group }: NetworkRef): string {
  return `${tenant}:${network}:${group}`;
}

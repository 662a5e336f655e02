/**
 * Records for tests of the agent: a tenant, a network and endpoints as mod/intent writes them.
 * @module
 */
import type {
  Allocation,
  EndpointState,
  MasterConfig,
  NetworkState,
  TenantState,
} from "../../model/records.ts";
import {
  endpointKey,
  MASTER_CONFIG,
  networkId,
  networkKey,
  portKey,
  tenantKey,
} from "../../state/keys.ts";

export const masterConfig: MasterConfig = {
  id: "global",
  "nw-infra-type": "default",
  "fwd-mode": "routing",
  "arp-mode": "proxy",
  "pvt-subnet": "172.19.0.0/16",
};

export function tenantRecord(tenant: string, vrf: number): TenantState {
  return { id: tenant, tenantName: tenant, vrf };
}

/** 10.1.`third`.0/24 with gateway .254 and fd01:`third`::/64 with gateway ::fe. */
export function networkRecord(tenant: string, network: string, third: number): NetworkState {
  return {
    id: networkId(tenant, network),
    tenant,
    networkName: network,
    nwType: "data",
    pktTagType: "vxlan",
    pktTag: third,
    extPktTag: third,
    subnetIP: `10.1.${third}.0`,
    subnetLen: 24,
    gateway: `10.1.${third}.254`,
    ipAddrRange: `10.1.${third}.1-10.1.${third}.254`,
    ipv6SubnetIP: `fd01:${third}::`,
    ipv6SubnetLen: 64,
    ipv6Gateway: `fd01:${third}::fe`,
    networkTag: `${network}.${tenant}`,
    addressSpace: `${tenant}:${network}`,
  };
}

export function endpointRecord(
  network: NetworkState,
  number: number,
  host: string,
  changes: Partial<EndpointState> = {},
): EndpointState {
  const third = network.pktTag;
  const endpointID = `ep${number}`;
  return {
    id: `${network.id}-${endpointID}`,
    netID: network.id,
    endpointID,
    serviceName: "",
    endpointGroupId: 0,
    endpointGroupKey: "",
    ipAddress: `10.1.${third}.${number}`,
    ipv6Address: `fd01:${third}::${number.toString(16)}`,
    macAddress: `02:02:0a:01:${hex(third)}:${hex(number)}`,
    homingHost: host,
    intfName: `vport${number}`,
    vtepIP: "",
    labels: {},
    containerId: "",
    epCommonName: "",
    portNumber: number,
    attachment: { kind: "docker" },
    ...changes,
  };
}

type Item<T> = readonly [key: string, record: T];

export const tenantItem = (record: TenantState): Item<TenantState> => [
  tenantKey(record.tenantName),
  record,
];
export const networkItem = (record: NetworkState): Item<NetworkState> => [
  networkKey(record.tenant, record.networkName),
  record,
];
export const endpointItem = (record: EndpointState): Item<EndpointState> => [
  endpointKey(record.id),
  record,
];
/** The endpoint's hold on its port number. */
export const portItem = (record: EndpointState): Item<Allocation> => [
  portKey(record.homingHost, record.portNumber),
  { owner: { kind: "endpoint", id: record.id }, host: record.homingHost, created: 0 },
];
export const configItem: Item<MasterConfig> = [MASTER_CONFIG, masterConfig];

const hex = (byte: number): string => byte.toString(16).padStart(2, "0");

/**
 * What one endpoint needs on the host that carries it: its links, its port, its flows. Pure.
 * @module
 */
import type { EndpointState, NetworkState } from "../model/records.ts";
import type { Flow } from "../pipeline/flow.ts";
import type { Group } from "../pipeline/group.ts";
import type { Meter } from "../pipeline/meter.ts";
import type { PipelineEndpoint, PipelineHost, PipelineNetwork } from "../pipeline/input.ts";
import { endpointFlows } from "../pipeline/pipeline.ts";
import type { HostFacts } from "./host_facts.ts";
import type { EndpointLinkSpec, HostLinkSpec, PeerSpec } from "./kernel.ts";
import { containerLink, linkAlias, switchLink } from "./link_names.ts";
import { privateAddresses, type PrivateSubnet } from "./private_subnet.ts";
import type { PortSpec } from "./switch.ts";

/** What connects an endpoint with the switch. */
export interface Wiring {
  /** Absent for the host's own endpoint in an infra network, whose port is the interface itself: `hostLink`. */
  readonly link?: EndpointLinkSpec;
  readonly port: PortSpec;
}

export interface DesiredEndpoint extends Wiring {
  readonly endpoint: EndpointState;
  readonly network: NetworkState;
  readonly hostLink?: HostLinkSpec;
  readonly flows: readonly Flow[];
  readonly groups?: readonly Group[];
  readonly meters?: readonly Meter[];
}

/** The facts around an endpoint that its desired state is made from. */
export interface EndpointSurroundings {
  readonly facts: HostFacts;
  /** Absent where there is no way out by the host: in bridge mode. */
  readonly subnet?: PrivateSubnet;
  readonly host: PipelineHost;
  readonly network: NetworkState;
  readonly vrf: number;
}

export function desiredEndpoint(
  endpoint: EndpointState,
  around: EndpointSurroundings,
): DesiredEndpoint {
  const { network } = around;
  return {
    endpoint,
    network,
    ...(endpoint.attachment.kind === "host"
      ? { hostLink: hostLinkSpec(endpoint, around), port: infraPortSpec(endpoint, around) }
      : { link: linkSpec(endpoint, around), port: portSpec(endpoint, around) }),
    flows: endpointFlows(
      pipelineEndpoint(endpoint, around),
      pipelineNetwork(network, around.vrf),
      around.host,
    ),
  };
}

/** A network without a gateway, or an internal one, has no way out. */
export function hasWayOut(network: NetworkState): boolean {
  return network.gateway !== "" && !network.internal;
}

/** MTU of a network's containers. */
export function mtuOf(
  { pktTagType }: NetworkState,
  { mtu, vlanMtu }: Pick<HostFacts, "mtu" | "vlanMtu">,
): number {
  return pktTagType === "vlan" ? vlanMtu ?? mtu : mtu;
}

export function pipelineNetwork(network: NetworkState, vrf: number): PipelineNetwork {
  return {
    id: network.id,
    vrf,
    encapsulation: network.pktTagType,
    vni: network.extPktTag,
    ...(network.pktTagType === "vlan" ? { vlan: network.pktTag } : {}),
    subnet: `${network.subnetIP}/${network.subnetLen}`,
    ...(network.gateway ? { gateway: network.gateway } : {}),
    ...(network.ipv6SubnetIP
      ? { subnet6: `${network.ipv6SubnetIP}/${network.ipv6SubnetLen}` }
      : {}),
    ...(network.ipv6Gateway ? { gateway6: network.ipv6Gateway } : {}),
  };
}

function pipelineEndpoint(
  endpoint: EndpointState,
  { network, subnet, vrf }: EndpointSurroundings,
): PipelineEndpoint {
  const outward = subnet && hasWayOut(network)
    ? privateAddresses(subnet, endpoint.portNumber)
    : undefined;
  return {
    id: endpoint.id,
    port: endpoint.portNumber,
    mac: endpoint.macAddress,
    address: endpoint.ipAddress,
    vrf,
    group: endpoint.endpointGroupId,
    ...(endpoint.ipv6Address ? { address6: endpoint.ipv6Address } : {}),
    ...(outward ? { hostAddress: outward.address } : {}),
    ...(outward && endpoint.ipv6Address ? { hostAddress6: outward.address6 } : {}),
  };
}

/** The switch makes the interface, under the network's name. */
function infraPortSpec(endpoint: EndpointState, around: EndpointSurroundings): PortSpec {
  const { facts, network } = around;
  return {
    ...portSpec(endpoint, around),
    name: network.networkName,
    type: "internal",
    mac: endpoint.macAddress,
    mtu: mtuOf(network, facts),
  };
}

function hostLinkSpec(
  endpoint: EndpointState,
  { facts, network }: EndpointSurroundings,
): HostLinkSpec {
  const { macAddress: mac } = endpoint;
  return {
    name: network.networkName,
    mac,
    mtu: mtuOf(network, facts),
    addresses: addressesOf(endpoint, network),
  };
}

function addressesOf(endpoint: EndpointState, network: NetworkState): readonly string[] {
  const address = `${endpoint.ipAddress}/${network.subnetLen}`;
  return endpoint.ipv6Address
    ? [address, `${endpoint.ipv6Address}/${network.ipv6SubnetLen}`]
    : [address];
}

function portSpec(
  endpoint: EndpointState,
  { host, network }: EndpointSurroundings,
): PortSpec {
  const vlan = network.pktTagType === "vlan" ? network.pktTag : "none";
  return {
    name: switchLink(endpoint.portNumber),
    type: "system",
    number: endpoint.portNumber,
    externalIds: { "contiv-owner": endpoint.id, "endpoint-id": endpoint.endpointID },
    ...(host.forwarding === "bridge" ? { vlan } : {}),
  };
}

function linkSpec(
  endpoint: EndpointState,
  { facts, network }: EndpointSurroundings,
): EndpointLinkSpec {
  return {
    hostLink: switchLink(endpoint.portNumber),
    alias: linkAlias(endpoint.id),
    mtu: mtuOf(network, facts),
    checksumOffload: facts.datapath === "system",
    peer: peerSpec(endpoint, network),
  };
}

/**
 * Docker moves `vportN` itself, so until Join has told where to, the peer waits in the host's namespace. Once the sandbox is known
 * (always, for "netns") a pair that has to be made again is made in place.
 */
function peerSpec(endpoint: EndpointState, network: NetworkState): PeerSpec {
  const { sandbox, interfaceName } = endpoint.attachment;
  if (!sandbox) return { name: containerLink(endpoint.portNumber), mac: endpoint.macAddress };
  const gateways: string[] = [];
  if (network.gateway) gateways.push(network.gateway);
  if (endpoint.ipv6Address && network.ipv6Gateway) gateways.push(network.ipv6Gateway);
  return {
    name: interfaceName ?? "eth0",
    mac: endpoint.macAddress,
    namespace: sandbox,
    addresses: addressesOf(endpoint, network),
    gateways,
  };
}

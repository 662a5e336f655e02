/**
 * An example of three hosts, in every mode: the first tenant's network WEB is on all of them, its network DATA on the second only; the other
 * tenant, with the very addresses of WEB, is on the first two.
 * @module
 */
import type { Flow } from "../flow.ts";
import type { Group } from "../group.ts";
import type { PipelineEndpoint, PipelineHost, PipelineNetwork } from "../input.ts";
import {
  baseFlows,
  endpointFlows,
  floodGroups,
  networkFlows,
  peerFlows,
  remoteEndpointFlows,
} from "../pipeline.ts";
import { ACCESS, DATA, endpoint, RED, WEB } from "./example.ts";

export const TUNNEL_PORT = 64000;
export const UPLINK_PORT = 64010;
export const HOSTS = ["one", "two", "three"] as const;
export type HostName = (typeof HOSTS)[number];

export const ROUTING: PipelineHost = {
  forwarding: "routing",
  arpMode: "proxy",
  tunnelPort: TUNNEL_PORT,
  vxlanPort: 4789,
  access: ACCESS,
};
export const BRIDGE: PipelineHost = {
  forwarding: "bridge",
  arpMode: "proxy",
  tunnelPort: TUNNEL_PORT,
  uplinkPorts: [UPLINK_PORT],
};
export const BRIDGE_FLOOD: PipelineHost = { ...BRIDGE, arpMode: "flood" };

/** An endpoint, where it is, and in what. Ports are numbered for each host. */
export interface Placed {
  readonly endpoint: PipelineEndpoint;
  readonly network: PipelineNetwork;
  readonly host: HostName;
}

export const WEB1 = place("web1", "one", 1, WEB, 1);
export const WEB2 = place("web2", "two", 1, WEB, 2);
export const WEB3 = place("web3", "three", 1, WEB, 3);
export const DATA2 = place("data2", "two", 2, DATA, 1);
export const RED1 = place("red1", "one", 2, RED, 1);
export const RED2 = place("red2", "two", 3, RED, 2);
export const PLACED: readonly Placed[] = [WEB1, WEB2, WEB3, DATA2, RED1, RED2];

export interface HostPipeline {
  readonly flows: readonly Flow[];
  readonly groups: readonly Group[];
}

/** All that one host has. `strangers`: hosts that it does not count among its peers. */
export function hostPipeline(
  name: HostName,
  host: PipelineHost,
  vteps: Readonly<Record<HostName, string>>,
  strangers: readonly HostName[] = [],
): HostPipeline {
  const here = PLACED.filter((placed) => placed.host === name);
  const vrfs = new Set(here.map(({ network }) => network.vrf));
  const networks = [WEB, DATA, RED].filter(({ vrf }) => vrfs.has(vrf));
  const others = PLACED.filter(({ host, network }) => host !== name && vrfs.has(network.vrf));
  const peers = HOSTS.filter((other) => other !== name && !strangers.includes(other));
  return {
    flows: [
      ...baseFlows(host),
      ...networks.flatMap((network) => networkFlows(network, host)),
      ...here.flatMap(({ endpoint, network }) => endpointFlows(endpoint, network, host)),
      ...peers.flatMap((peer) => peerFlows({ host: peer, vtep: vteps[peer] }, host)),
      ...others.flatMap(({ endpoint, network, host: home }) =>
        remoteEndpointFlows({ ...endpoint, vtep: vteps[home] }, network, host)
      ),
    ],
    groups: networks.flatMap((network) => {
      const inNetwork = PLACED.filter((placed) => placed.network === network);
      const ports = inNetwork.filter((placed) => placed.host === name)
        .map(({ endpoint }) => endpoint.port);
      const homes = new Set(inNetwork.map((placed) => placed.host));
      homes.delete(name);
      return floodGroups({ network, ports, vteps: [...homes].map((home) => vteps[home]) }, host);
    }),
  };
}

function place(
  id: string,
  host: HostName,
  port: number,
  network: PipelineNetwork,
  number: number,
): Placed {
  return { endpoint: endpoint(id, port, network, number), network, host };
}

/**
 * One example for the pipeline's tests and its document: a host with two tenants whose addresses are the same, one of them with two
 * networks.
 * @module
 */
import type { Flow } from "../flow.ts";
import type { Group } from "../group.ts";
import type {
  PipelineEndpoint,
  PipelineHost,
  PipelineHostAccess,
  PipelineNetwork,
} from "../input.ts";
import {
  baseFlows,
  endpointFlows,
  floodGroups,
  networkFlows,
  peerFlows,
  remoteEndpointFlows,
} from "../pipeline.ts";

export const ACCESS: PipelineHostAccess = {
  port: 65000,
  mac: "02:02:ac:13:ff:fe",
  subnet: "172.19.0.0/16",
  address: "172.19.255.254",
  subnet6: "fdc0:171f:ac13::/64",
  address6: "fdc0:171f:ac13::fffe",
};

export const HOST: PipelineHost = { forwarding: "routing", arpMode: "proxy", access: ACCESS };

export const WEB: PipelineNetwork = {
  id: "web.blue",
  vrf: 1,
  encapsulation: "vxlan",
  vni: 10001,
  subnet: "10.1.1.0/24",
  gateway: "10.1.1.254",
  subnet6: "2001:db8:1::/64",
  gateway6: "2001:db8:1::fe",
};

export const DATA: PipelineNetwork = {
  id: "data.blue",
  vrf: 1,
  encapsulation: "vxlan",
  vni: 10002,
  subnet: "10.1.2.0/24",
  gateway: "10.1.2.254",
  subnet6: "2001:db8:2::/64",
  gateway6: "2001:db8:2::fe",
};

/** Another tenant with the very addresses of WEB. */
export const RED: PipelineNetwork = { ...WEB, id: "web.red", vrf: 2, vni: 10003 };

/** The first tenant's VLAN, with addresses of its own. */
export const LAN: PipelineNetwork = {
  id: "lan.blue",
  vrf: 1,
  encapsulation: "vlan",
  vni: 0,
  vlan: 100,
  subnet: "10.1.3.0/24",
  gateway: "10.1.3.254",
  subnet6: "2001:db8:3::/64",
  gateway6: "2001:db8:3::fe",
};

/** An endpoint that may talk to the host and the outside. */
export const A = endpoint("a", 1, WEB, 1);
/** In A's network, without a way out. */
export const B = withoutHostAccess(endpoint("b", 2, WEB, 2));
/** In the tenant's other network. */
export const C = endpoint("c", 3, DATA, 1);
/** In the other tenant, with A's addresses. */
export const D: PipelineEndpoint = { ...endpoint("d", 4, RED, 1), group: 0 };
/** In the other tenant, with an address that the first tenant does not have. */
export const E = endpoint("e", 5, RED, 9);

export const ENDPOINTS: ReadonlyMap<PipelineEndpoint, PipelineNetwork> = new Map([
  [A, WEB],
  [B, WEB],
  [C, DATA],
  [D, RED],
  [E, RED],
]);

/** The least that shows everything, for the document: one network with an endpoint here and one on the only other host. With uplinks, a VLAN, too. */
export function smallExample(
  host: PipelineHost,
): { flows: readonly Flow[]; groups: readonly Group[] } {
  const remote = { ...B, vtep: "192.0.2.2" };
  return {
    flows: [
      ...baseFlows(host),
      ...networkFlows(WEB, host),
      ...(host.uplinkPorts ? networkFlows(LAN, host) : []),
      ...endpointFlows(A, WEB, host),
      ...peerFlows({ host: "two", vtep: remote.vtep }, host),
      ...remoteEndpointFlows(remote, WEB, host),
    ],
    groups: floodGroups({ network: WEB, ports: [A.port], vteps: [remote.vtep] }, host),
  };
}

/** All flows of the example. */
export function exampleFlows(): readonly Flow[] {
  return [
    ...baseFlows(HOST),
    ...[WEB, DATA, RED].flatMap((network) => networkFlows(network, HOST)),
    ...[...ENDPOINTS].flatMap(([endpoint, network]) => endpointFlows(endpoint, network, HOST)),
  ];
}

/** The `number`th address of the network, on `port`. */
export function endpoint(
  id: string,
  port: number,
  network: PipelineNetwork,
  number: number,
): PipelineEndpoint {
  const address = network.subnet.replace(/0\/24$/, `${number}`);
  return {
    id,
    port,
    mac: `02:02:${
      address.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0")).join(":")
    }`,
    address,
    ...(network.subnet6 === undefined
      ? {}
      : { address6: network.subnet6.replace("/64", `${number}`) }),
    vrf: network.vrf,
    group: network.vrf,
    hostAddress: `172.19.0.${port}`,
    hostAddress6: `fdc0:171f:ac13::${port}`,
  };
}

function withoutHostAccess(endpoint: PipelineEndpoint): PipelineEndpoint {
  const { hostAddress: _, hostAddress6: __, ...rest } = endpoint;
  return rest;
}

/**
 * For the pipeline's properties: any number of tenants with the same subnets in them, with endpoints at any addresses, the gateway's
 * included, here and on other hosts.
 * @module
 */
import fc from "fast-check";
import type {
  PipelineEndpoint,
  PipelineNetwork,
  PipelinePeer,
  PipelineRemoteEndpoint,
} from "../input.ts";

export interface Site {
  readonly networks: readonly PipelineNetwork[];
  readonly endpoints: readonly (readonly [PipelineEndpoint, PipelineNetwork])[];
  readonly remotes: readonly (readonly [PipelineRemoteEndpoint, PipelineNetwork])[];
  readonly peers: readonly PipelinePeer[];
}

export const site: fc.Arbitrary<Site> = fc.record({
  tenants: fc.integer({ min: 1, max: 4 }),
  networksEach: fc.integer({ min: 1, max: 3 }),
  hosts: fc.uniqueArray(fc.integer({ min: 1, max: 254 }), { maxLength: 6 }),
  elsewhere: fc.integer({ min: 0, max: 6 }),
  peers: fc.integer({ min: 1, max: 4 }),
  ipv6: fc.boolean(),
  hostAccess: fc.boolean(),
}).map(({ tenants, networksEach, hosts, elsewhere, peers, ipv6, hostAccess }) => {
  const networks: PipelineNetwork[] = [];
  const endpoints: [PipelineEndpoint, PipelineNetwork][] = [];
  const remotes: [PipelineRemoteEndpoint, PipelineNetwork][] = [];
  for (let vrf = 1; vrf <= tenants; vrf++) {
    for (let third = 1; third <= networksEach; third++) {
      const network = networkAt(vrf, third, ipv6);
      networks.push(network);
      hosts.forEach((host, index) => {
        const port = endpoints.length + 1;
        const endpoint = endpointAt(port, network, third, host, hostAccess);
        if (index >= elsewhere) endpoints.push([endpoint, network]);
        else remotes.push([{ ...endpoint, vtep: vtepAt(index % peers) }, network]);
      });
    }
  }
  const others = Array.from({ length: peers }, (_, number) => number);
  return {
    networks,
    endpoints,
    remotes,
    peers: others.map((number) => ({ host: `h${number}`, vtep: vtepAt(number) })),
  };
});

function vtepAt(number: number): string {
  return number % 2 ? `fd00:9::${number}` : `192.0.2.${number}`;
}

function networkAt(vrf: number, third: number, ipv6: boolean): PipelineNetwork {
  return {
    id: `n${third}.t${vrf}`,
    vrf,
    ...(third === 3
      ? { encapsulation: "vlan", vni: 0, vlan: vrf * 10 + third }
      : { encapsulation: "vxlan", vni: vrf * 100 + third }),
    subnet: `10.1.${third}.0/24`,
    gateway: `10.1.${third}.254`,
    ...(ipv6 && { subnet6: `2001:db8:${third}::/64`, gateway6: `2001:db8:${third}::254` }),
  };
}

function endpointAt(
  port: number,
  network: PipelineNetwork,
  third: number,
  host: number,
  hostAccess: boolean,
): PipelineEndpoint {
  const hex = (value: number) => value.toString(16).padStart(2, "0");
  return {
    id: `e${port}`,
    port,
    mac: `02:02:0a:01:${hex(third)}:${hex(host)}`,
    address: `10.1.${third}.${host}`,
    ...(network.subnet6 !== undefined && { address6: `2001:db8:${third}::${host}` }),
    vrf: network.vrf,
    group: host % 3,
    ...(hostAccess && {
      hostAddress: `172.19.${port >> 8}.${port & 255}`,
      hostAddress6: `fdc0:171f:ac13::${port}`,
    }),
  };
}

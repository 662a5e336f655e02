/**
 * What the pipeline is computed from: plain facts of this host, taken from a snapshot by mod/agent. No store types, no lookups.
 * @module
 */

/** Addresses are canonical text without a prefix length; prefixes are `address/length`, masked. */
export interface PipelineHost {
  /** OpenFlow port of contivh0. */
  readonly hostPort: number;
  readonly hostMac: string;
  /** e.g. 172.19.0.0/16; contivh0 has the address .255.254 of it. */
  readonly privateSubnet: string;
  readonly hostAddress: string;
  /** e.g. fdc0:171f:ac13::/64 */
  readonly privateSubnet6: string;
  readonly hostAddress6: string;
}

/** A network of which this host carries, or can reach, an endpoint. */
export interface PipelineNetwork {
  readonly id: string;
  /** The tenant's VRF id, 1–65534. */
  readonly vrf: number;
  readonly vni: number;
  readonly subnet: string;
  readonly gateway?: string;
  readonly subnet6?: string;
  readonly gateway6?: string;
}

/** An endpoint on this host. */
export interface PipelineEndpoint {
  readonly id: string;
  /** OpenFlow port, 1–60000. */
  readonly port: number;
  readonly mac: string;
  readonly address: string;
  readonly address6?: string;
  readonly vrf: number;
  /** Group id, 0 for none. */
  readonly group: number;
  /** Its host-private addresses (172.19.x.y, fdc0:…): present when it may talk to the host and the outside. */
  readonly hostAddress?: string;
  readonly hostAddress6?: string;
}

/** An endpoint on another host, of a network that this host can reach. */
export interface PipelineRemoteEndpoint {
  readonly id: string;
  readonly mac: string;
  readonly address: string;
  readonly address6?: string;
  readonly vrf: number;
  /** Group id, 0 for none. */
  readonly group: number;
  /** Tunnel address (IPv4 or IPv6) of the host that carries it. */
  readonly vtep: string;
}

/** Another host of the cluster: tunnels are taken from these only. */
export interface PipelinePeer {
  readonly host: string;
  readonly vtep: string;
}

/** Whom a network's broadcasts reach, in bridge mode. */
export interface PipelineFlood {
  readonly network: PipelineNetwork;
  /** OpenFlow ports of its endpoints on this host. */
  readonly ports: readonly number[];
  /** Tunnel addresses of the other hosts that carry an endpoint of it. */
  readonly vteps: readonly string[];
}

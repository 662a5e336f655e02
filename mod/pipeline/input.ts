/**
 * What the pipeline is computed from: plain facts of this host, taken from a snapshot by mod/agent. No store types, no lookups.
 * Addresses are canonical text without a prefix length; prefixes are `address/length`, masked.
 * @module
 */

/** What holds for the whole switch. */
export interface PipelineHost {
  /** "routing": containers' packets are routed in their tenant's VRF. "bridge": each network is a layer 2 segment of its own. */
  readonly forwarding: "routing" | "bridge";
  /** In bridge mode: who answers for known addresses, the switch or whoever has them. In routing mode it is always the switch. */
  readonly arpMode: "proxy" | "flood";
  /** OpenFlow port of the one flow-based VXLAN port (`remote_ip=flow,key=flow`); absent: no tunnels. */
  readonly tunnelPort?: number;
  /** UDP port at which other hosts take tunnelled packets; only with `tunnelPort`. */
  readonly vxlanPort?: number;
  /** OpenFlow ports of the links to the physical switches, which carry VLAN networks in bridge mode; absent or empty: none. */
  readonly uplinkPorts?: readonly number[];
  /** The way to the host and the outside; absent in bridge mode, where somebody on the segment is the gateway. */
  readonly access?: PipelineHostAccess;
}

/** contivh0: the host's own port. */
export interface PipelineHostAccess {
  /** OpenFlow port. */
  readonly port: number;
  readonly mac: string;
  /** e.g. 172.19.0.0/16; contivh0 has the address .255.254 of it. */
  readonly subnet: string;
  readonly address: string;
  /** e.g. fdc0:171f:ac13::/64 */
  readonly subnet6: string;
  readonly address6: string;
}

/** A network of which this host carries, or can reach, an endpoint. */
export interface PipelineNetwork {
  readonly id: string;
  /** The tenant's VRF id, 1–65534. */
  readonly vrf: number;
  /** How its packets travel between hosts. "vlan" does so in bridge mode only. */
  readonly encapsulation: "vxlan" | "vlan";
  /** VXLAN network identifier (RFC 7348), 1–16777215; 0 with "vlan". */
  readonly vni: number;
  /** VLAN id (IEEE 802.1Q), 1–4094; only with "vlan". */
  readonly vlan?: number;
  readonly subnet: string;
  /** Gateways are answered for in routing mode only. */
  readonly gateway?: string;
  readonly subnet6?: string;
  readonly gateway6?: string;
  /** The host itself has a way into it, other than by `access`, and would take others' packets along. */
  readonly hostReaches?: boolean;
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
  /** The address that its tunnelled packets come from (IPv4 or IPv6). No two peers have the same. */
  readonly vtep: string;
}

/** Whom a network's broadcasts reach, in bridge mode. */
export interface PipelineFlood {
  readonly network: PipelineNetwork;
  /** OpenFlow ports of its endpoints on this host. */
  readonly ports: readonly number[];
  /** Tunnel addresses of the other hosts that carry an endpoint of it, each once. */
  readonly vteps: readonly string[];
}

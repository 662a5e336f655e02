/**
 * What the agent knows about its own host that is not in the store. Fixed for the life of the process.
 * @module
 */
export interface HostFacts {
  /** The host label: unique in the cluster, kept across restarts. */
  readonly host: string;
  /** Id of the cluster whose store this host follows. */
  readonly cluster: string;
  /** "netdev" (userspace) needs transmit checksum offload off in containers. */
  readonly datapath: "system" | "netdev";
  /** MTU of containers and contivh0: the underlay's less the tunnel's overhead. */
  readonly mtu: number;
}

/** Outer Ethernet, IPv4, UDP and VXLAN headers (RFC 7348): what a vxlan network takes from the underlay's MTU. */
export const VXLAN_OVERHEAD = 50;

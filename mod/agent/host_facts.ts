/**
 * What the agent knows about its own host that is not in the store. Fixed for the life of the process.
 * @module
 */
import { parseAddress } from "../net/address.ts";
import type { Uplinks } from "./uplinks.ts";

export interface HostFacts {
  /** The host label: unique in the cluster, kept across restarts. */
  readonly host: string;
  /** Id of the cluster whose store this host follows. */
  readonly cluster: string;
  /** "netdev" (userspace) needs transmit checksum offload off in containers. */
  readonly datapath: "system" | "netdev";
  /** MTU of containers and contivh0: the underlay's less the tunnel's overhead. */
  readonly mtu: number;
  /** Where tunnels to this host end; canonical. */
  readonly vtepAddress: string;
  /** UDP port of the tunnels, the same on every host. */
  readonly vxlanPort: number;
  /** In bridge mode; absent: none. */
  readonly uplinks?: Uplinks;
  /** MTU of containers in VLANs: the smallest of the uplinks, which take nothing of it. Absent: as all others'. */
  readonly vlanMtu?: number;
}

/** What VXLAN takes from the underlay's MTU: outer Ethernet (14), IP (20 or 40), UDP (8) and VXLAN (8) headers (RFC 7348, section 5). */
export function vxlanOverhead(vtepAddress: string): number {
  return parseAddress(vtepAddress)?.family === 6 ? 70 : 50;
}

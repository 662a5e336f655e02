/**
 * The derived records under /contiv.io/state, /contiv.io/oper and /contiv.io/master: the original's field names, and ours after
 * them. Masters and agents share them; whoever writes one goes through mod/intent.
 * @module
 */

/** Who holds an allocation. Only the owner frees it; a sweep frees what has no living owner. */
export interface Owner {
  /** "docker": asked for by a Docker engine's IPAM, no endpoint has taken it (or its endpoint is gone and Docker has not released it). */
  readonly kind: "endpoint" | "docker" | "network" | "group" | "tenant" | "service";
  /** Endpoint id, pool id, network id, … of that kind. */
  readonly id: string;
}

/** Value of any allocation key. */
export interface Allocation {
  readonly owner: Owner;
  /** The host label that asked, where there is one. */
  readonly host?: string;
  /** Set when Docker's IPAM asked for the address: it then outlives the endpoint until Docker releases it. */
  readonly requestedBy?: "docker";
  /** Milliseconds since 1970, by the allocating process's clock; only for grace times and people. */
  readonly created: number;
}

/** /contiv.io/oper/cluster */
export interface ClusterState {
  /** Random, made with the store. */
  readonly id: string;
}

/**
 * /contiv.io/state/hosts/<label>: a host of the cluster. Outlives its agent: the traffic of a host whose agent is down goes on. Control and
 * tunnel address are two things.
 */
export interface HostState {
  /** The host label. */
  readonly id: string;
  /** Random, made with the host's bridge and kept there: tells a host that came back from another one under the same label. */
  readonly identity: string;
  /** Where its agent answers. */
  readonly controlAddress: string;
  /** Where tunnels to it end; IPv4 or IPv6. */
  readonly vtepAddress: string;
  /** When this identity took the label, milliseconds since 1970 by the host's clock. */
  readonly since: number;
  /** When its agent's registration was found missing, milliseconds since 1970; absent while it is up. */
  readonly downSince?: number;
}

export interface TenantState {
  readonly id: string;
  readonly tenantName: string;
  /** 1–65534, unique in the cluster: the VRF in registers and the conntrack zone. */
  readonly vrf: number;
}

export interface NetworkState {
  /** `<network>.<tenant>` */
  readonly id: string;
  readonly tenant: string;
  readonly networkName: string;
  readonly nwType: "data" | "infra";
  readonly pktTagType: "vlan" | "vxlan";
  /** The VLAN, or the local VLAN of a vxlan network. */
  readonly pktTag: number;
  /** The VXLAN network identifier; 0 for vlan. */
  readonly extPktTag: number;
  /** Masked. */
  readonly subnetIP: string;
  readonly subnetLen: number;
  /** Empty: no gateway, and so no way out of the network. */
  readonly gateway: string;
  /** `first-last` of the addresses that may be handed out, before gateway and group pools are taken out. */
  readonly ipAddrRange: string;
  readonly ipv6SubnetIP?: string;
  readonly ipv6SubnetLen?: number;
  readonly ipv6Gateway?: string;
  readonly networkTag: string;
  /** Name of the address space under which its addresses are kept; `<tenant>:<network>` unless made from a Docker pool. */
  readonly addressSpace: string;
  /** No traffic to or from outside the tenant, whatever the gateway says (`docker network create --internal`). */
  readonly internal?: boolean;
  /** It is being deleted, its hosts' own endpoints part by part: nothing may be made in it any more. */
  readonly leaving?: true;
  /** Made by a user's `docker network create`, and removed with it: whose (mod/docker/mapping.ts has the holders). */
  readonly dockerHolder?: string;
}

export interface GroupState {
  /** `<group>:<tenant>` */
  readonly id: string;
  readonly groupName: string;
  readonly tenantName: string;
  readonly networkName: string;
  /** 1–32767, unique in the cluster. */
  readonly endpointGroupId: number;
  readonly pktTagType: "vlan" | "vxlan";
  readonly pktTag: number;
  readonly extPktTag: number;
  /** `first-last`, or empty. */
  readonly IPPool: string;
  readonly groupTag: string;
}

export interface EndpointState {
  /** `<network>.<tenant>-<endpointID>` */
  readonly id: string;
  /** `<network>.<tenant>` */
  readonly netID: string;
  readonly endpointID: string;
  /** Group name, or empty. */
  readonly serviceName: string;
  readonly endpointGroupId: number;
  /** `<group>:<tenant>`, or empty. */
  readonly endpointGroupKey: string;
  readonly ipAddress: string;
  readonly ipv6Address: string;
  readonly macAddress: string;
  /** Label of the host that carries it. */
  readonly homingHost: string;
  /** `vportN` */
  readonly intfName: string;
  readonly vtepIP: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly containerId: string;
  /** Container or pod name, as the orchestrator gave it, without a leading slash. */
  readonly epCommonName: string;
  /** N of `vportN`: 1–60000, unique on its host for the endpoint's life. */
  readonly portNumber: number;
  readonly attachment: Attachment;
}

/** How the endpoint's interface gets into its container. */
export interface Attachment {
  /**
   * "docker": the engine moves `vportN` at Join. "netns": created in place. "external": registered only (`/plugin/createEndpoint`).
   * "host": an interface of the host's own, in an infra network.
   */
  readonly kind: "docker" | "netns" | "external" | "host";
  /** Path of the network namespace, once known. */
  readonly sandbox?: string;
  /** Name of the interface inside, once known. */
  readonly interfaceName?: string;
  /** Docker's id of the network it was attached through. */
  readonly dockerNetworkID?: string;
}

/** What the carrying host reports when an endpoint is not as it should be. Absent: nothing is wrong. */
export interface EndpointStatus {
  readonly id: string;
  readonly host: string;
  readonly state: "degraded";
  /** Why it carries no traffic, and what to do. */
  readonly error?: string;
}

/** /contiv.io/master/config/global */
export interface MasterConfig {
  readonly id: "global";
  readonly "nw-infra-type": string;
  readonly "fwd-mode": "bridge" | "routing" | "";
  readonly "arp-mode": "proxy" | "flood";
  /** The host-private subnet, always a /16. */
  readonly "pvt-subnet": string;
}

/** /contiv.io/oper/docknet/<tenant>.<network>.<group> */
export interface DockerNetworkState {
  readonly id: string;
  readonly tenantName: string;
  readonly networkName: string;
  /** Group name, or empty. */
  readonly serviceName: string;
  /** Docker's network id by holder (mod/docker/mapping.ts); a user may make several of one: their ids, with blanks between. */
  readonly docknetUUID: Readonly<Record<string, string>>;
}

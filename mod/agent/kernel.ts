/**
 * The host's kernel as the agent sees it: links, addresses, routes, NAT, sysctls. drivers/linux implements it, without
 * starting a process (NAT rules excepted, which are not on an endpoint's path).
 * @module
 */

/** One veth pair: `hostLink` goes to the switch, the other end to the container. */
export interface EndpointLinkSpec {
  /** `vvportN` */
  readonly hostLink: string;
  /** Says whose it is (`contiv:<endpoint id>`); kept in both links' ifalias, so that a fresh process knows its own. */
  readonly alias: string;
  readonly mtu: number;
  /** False in the userspace datapath: transmit checksum offload is then turned off in the container. */
  readonly checksumOffload: boolean;
  readonly peer: PeerSpec;
}

export interface PeerSpec {
  /** `vportN` for Docker, which moves and renames it; else the final name (`eth0`). */
  readonly name: string;
  readonly mac: string;
  /** Network namespace to create it in; absent: the agent's own. */
  readonly namespace?: string;
  /** `address/length`; only with a namespace. */
  readonly addresses?: readonly string[];
  /** Default gateways, at most one a family; only with a namespace. */
  readonly gateways?: readonly string[];
}

export interface LinkState {
  readonly index: number;
  readonly name: string;
  readonly alias?: string;
  readonly mac?: string;
  readonly mtu: number;
  readonly up: boolean;
  /** e.g. "veth", "openvswitch", "tun"; absent for physical ones. */
  readonly kind?: string;
  /** One end of a pair of ours whose making was cut short. */
  readonly unfinished?: true;
}

/** contivh0 and what the host needs to route and translate for the containers. */
export interface HostAccessSpec {
  readonly link: string;
  readonly mac: string;
  readonly mtu: number;
  /** `172.19.255.254/16`, `fdc0:171f:ac13::fffe/64` */
  readonly addresses: readonly string[];
  /** Source prefixes that leave by any other link under the host's address. */
  readonly masquerade: readonly string[];
}

export interface Underlay {
  /** The link that has the address; absent: no link of this namespace has it. */
  readonly link?: string;
  /** As in LinkState. A port of an Open vSwitch bridge is "openvswitch" in the kernel's datapath, "tun" in userspace. */
  readonly kind?: string;
  /** Of that link; without it the smallest among the links that carry the host's addresses (not ours, not lo, docker*, veth*). */
  readonly mtu: number;
}

/** An interface of the host's that the switch has made. */
export interface HostLinkSpec {
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
  /** `address/length`; all that it shall have but link-local ones. */
  readonly addresses: readonly string[];
}

/** What the host itself uses a link for. */
export interface LinkUse {
  readonly name: string;
  /** `address/length`; those of the link alone (fe80::/10, 169.254.0.0/16) do not count. */
  readonly addresses: readonly string[];
  /** The bridge or bond that it is a member of. */
  readonly master?: string;
  readonly up: boolean;
  readonly mtu: number;
}

export type KernelEvent =
  | { readonly type: "link-removed"; readonly name: string }
  | { readonly type: "link-changed"; readonly name: string }
  /** Follows the "link-changed" of a link that was up and is no more. */
  | { readonly type: "link-down"; readonly name: string }
  /** `name` is the link's. */
  | { readonly type: "address-removed"; readonly name: string }
  /** Events were lost: look at everything again. */
  | { readonly type: "resync" };

export interface Kernel {
  /** All links of the agent's own namespace. */
  links(): Promise<readonly LinkState[]>;
  /**
   * Makes the pair, the peer in place with name, MAC, MTU, addresses and routes, both up (the peer only with a namespace).
   * Idempotent: a pair with the same alias is completed, one with another alias is an error. On failure nothing stays behind.
   * `present` is called when the switch's end is there, up, and can be made a port, while the container's end is still being set up.
   */
  createEndpointLink(spec: EndpointLinkSpec, present?: () => void): Promise<void>;
  /** Deletes the pair by its host end; an absent one is not an error. Does not hold up the event loop (it takes ~20 ms). */
  deleteEndpointLink(hostLink: string): Promise<void>;
  /** Sets the switch's end of a pair, or an uplink, up. */
  bringUp(link: string): Promise<void>;
  /** Whether the namespace at `path` still exists. */
  namespaceExists(path: string): Promise<boolean>;
  /** Path of a namespace named as `ip netns` names it, or the path itself. Throws KernelError "not-found". */
  resolveNamespace(nameOrPath: string): Promise<string>;
  /** Addresses, forwarding sysctls, masquerade and forward rules; changes only what differs. Repeatable. */
  ensureHostAccess(spec: HostAccessSpec): Promise<void>;
  /** Takes away what ensureHostAccess made. Only for uninstalling: never on shutdown. */
  removeHostAccess(spec: HostAccessSpec): Promise<void>;
  /** What carries the host's own address `address`, and what size a packet there may have. */
  underlay(address: string): Promise<Underlay>;
  /** Sets MAC, MTU and addresses, and the link up; changes only what differs. Repeatable. Throws KernelError "not-found". */
  ensureHostLink(spec: HostLinkSpec): Promise<void>;
  /** Makes the routes on the link that are ours lead to these prefixes, and no others. Repeatable. Throws KernelError "not-found". */
  ensureHostRoutes(link: string, prefixes: readonly string[]): Promise<void>;
  /** Of the links with these names, in their order; one that is not there is left out. */
  linkUses(names: readonly string[]): Promise<readonly LinkUse[]>;
  events(signal: AbortSignal): AsyncIterable<KernelEvent>;
  close(): Promise<void>;
}

export type KernelErrorCode =
  | "permission"
  | "not-found"
  | "exists"
  | "invalid"
  | "unsupported"
  | "failed";

export class KernelError extends Error {
  override readonly name = "KernelError";
  constructor(readonly code: KernelErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
  }
}

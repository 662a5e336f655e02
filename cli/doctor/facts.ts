/**
 * Everything that the doctor's checks look at, gathered once. The checks are pure functions of this.
 * @module
 */

import type { MemberHealth } from "../../mod/state/store.ts";
import type { StoreSettings } from "../roles/store_settings.ts";

/** What `contiv up` would be told: the doctor examines the places that it would use. */
export interface DoctorSettings {
  /** A file is examined; of a cluster, every server is asked. */
  readonly store: StoreSettings;
  readonly ovsRunDirectory: string;
  readonly runDirectory: string;
  /** "none": no Docker driver. */
  readonly pluginSocket: string;
  /** "none": no engine. */
  readonly dockerSocket: string;
  /** The host-private subnet, an IPv4 prefix. */
  readonly privateSubnet: string;
  /** Where tunnels to this host end; absent: at its first address. */
  readonly vtepAddress?: string;
}

/** Something that was asked for and came, or the reason why not. */
export type Answer<T> = { readonly value: T } | { readonly error: string };

export interface LinkAddress {
  readonly link: string;
  readonly address: string;
  readonly length: number;
  readonly mtu: number;
  /** As `ip -details` says; "tun": of Open vSwitch in userspace, or a tunnel of others. Absent: plain hardware. */
  readonly kind?: string;
}

export interface Route {
  /** `10.0.0.0/8`, or "default". */
  readonly prefix: string;
  readonly link: string;
}

export interface PortUse {
  readonly port: number;
  readonly use: string;
  /** "ours": a Contiv answers there. */
  readonly state: "free" | "ours" | "taken";
}

/** "absent": no socket, so none runs. "silent": a socket that nobody answers on. */
export type AgentState =
  | { readonly state: "absent" }
  | { readonly state: "silent"; readonly error: string }
  /** `warning`: what keeps it from other hosts. */
  | { readonly state: "running"; readonly warning?: string }
  | { readonly state: "troubled"; readonly trouble: string };

export type DriverState =
  | { readonly state: "absent" }
  | { readonly state: "silent"; readonly error: string }
  /** Names of the interfaces that it implements, such as NetworkDriver. */
  | { readonly state: "answers"; readonly interfaces: readonly string[] };

export interface Directory {
  readonly path: string;
  readonly use: string;
  /** Why it cannot be written to; absent: it can, or it can be made. */
  readonly error?: string;
}

export interface SwitchState {
  /** Version of the installed program. */
  readonly installed: Answer<string>;
  readonly kernelModule: boolean;
  /** That of our bridge; of one that is not there yet, what it would get. */
  readonly datapath: "system" | "netdev";
  /** Names of the bridges, from the running database. */
  readonly bridges: Answer<readonly string[]>;
  /** Version of the running ovs-vswitchd. */
  readonly running: Answer<string>;
  /** What the native library that writes flows is made of. */
  readonly nativeLibrary: Answer<string>;
}

export interface StoreState {
  /** Absent: not a cluster. */
  readonly members?: Answer<readonly MemberHealth[]>;
  /** VTEP addresses of all hosts that it knows. Absent: not a cluster, or away. */
  readonly vteps?: readonly string[];
  /** Absent: not an embedded store. */
  readonly path?: string;
  readonly exists: boolean;
  /** Number of tables, of a file that exists. */
  readonly tables?: Answer<number>;
  /** On the file system that the file is or would be on. */
  readonly freeBytes: Answer<number>;
}

export interface Facts {
  readonly settings: DoctorSettings;
  /** `uname -r` */
  readonly kernel: string;
  /** Version of the C library, called over FFI. */
  readonly libc: Answer<string>;
  readonly uid: number;
  /** CapEff of proc(5). */
  readonly capabilities: bigint;
  /** Whether a veth pair could be made in a throw-away network namespace. */
  readonly veth: Answer<true>;
  readonly switch: SwitchState;
  /** Where tunnels to this host end, or would; canonical. */
  readonly vtepAddress: string;
  /** The engine's version. */
  readonly docker: Answer<string>;
  readonly agent: AgentState;
  /** What answers on the Docker driver's socket. */
  readonly driver: DriverState;
  readonly ports: readonly PortUse[];
  readonly addresses: readonly LinkAddress[];
  readonly routes: readonly Route[];
  readonly forwarding: { readonly ipv4: boolean; readonly ipv6: boolean };
  /** `iptables --version`, when its tables can be read. */
  readonly iptables: Answer<string>;
  readonly directories: readonly Directory[];
  readonly store: StoreState;
  /** Milliseconds since 1970. */
  readonly now: number;
}

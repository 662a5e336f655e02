/**
 * The switch that the agent drives, as the agent sees it; drivers/ovs implements it.
 * @module
 */
import type { Flow } from "../pipeline/flow.ts";
import type { Group } from "../pipeline/group.ts";
import type { Meter } from "../pipeline/meter.ts";

/** A port that we want on the integration bridge. */
export interface PortSpec {
  readonly name: string;
  /** "system": an existing link (veth). "internal" and "vxlan": made by the switch. */
  readonly type: "system" | "internal" | "vxlan";
  /** The OpenFlow port number that it must get (ofport_request). */
  readonly number: number;
  /** Written to external_ids of Port and Interface; `contiv-owner` says which object the port is for, and that it is ours. */
  readonly externalIds: Readonly<Record<string, string>>;
  /** Only for internal ports. */
  readonly mac?: string;
  readonly mtu?: number;
  /** Only for tunnels: Interface.options, e.g. `{remote_ip: "flow", key: "flow"}`. */
  readonly options?: Readonly<Record<string, string>>;
  /** What NORMAL takes it to be: an access port of this VLAN (1–4094), a trunk of all, or in none. Absent: left as it is. */
  readonly vlan?: number | "all" | "none";
  /** Several links as one: then `name` is no link's, and `number` is the first member's. */
  readonly bond?: BondSpec;
}

export interface BondSpec {
  /** Links of the host, each with the OpenFlow port number that it must get. */
  readonly members: readonly { readonly name: string; readonly number: number }[];
  readonly mode: "balance-tcp" | "balance-slb" | "active-backup";
  /** IEEE 802.1AX; "active" falls back to active-backup while the other side does not speak it. */
  readonly lacp: "active" | "off";
}

/** A port as the switch's database has it now. */
export interface PortState {
  readonly name: string;
  readonly externalIds: Readonly<Record<string, string>>;
  /** OpenFlow port number; undefined: not attached yet. */
  readonly number?: number;
  /** As in PortSpec; absent: otherwise. */
  readonly vlan?: PortSpec["vlan"];
  /** The switch's own words when it could not attach the port. */
  readonly error?: string;
  /** Its links where the switch tells of them: one, but of a bond several. */
  readonly members?: readonly PortMember[];
}

export interface PortMember {
  readonly name: string;
  /** OpenFlow port number; undefined: not attached. */
  readonly number?: number;
  /** Whether the link has a carrier; undefined: not told yet. */
  readonly up?: boolean;
  /** Whether it has negotiated with its other side; undefined: it does not. */
  readonly lacp?: boolean;
  readonly error?: string;
}

/**
 * Flows by identity (table, priority, match), groups and meters by number; what is added replaces what has the same. Groups and meters come
 * into being before the flows that use them, and go after them; one that goes takes all flows along that still use it.
 */
export interface FlowChange {
  readonly add: readonly Flow[];
  readonly remove: readonly Flow[];
  readonly setGroups?: readonly Group[];
  readonly removeGroups?: readonly number[];
  readonly setMeters?: readonly Meter[];
  readonly removeMeters?: readonly number[];
}

/** What the switch shall hold of ours: all of it, no more. */
export interface PipelineContent {
  readonly flows: readonly Flow[];
  readonly groups: readonly Group[];
  readonly meters: readonly Meter[];
}

/** How many of each kind had to be set (new, or other than desired) and removed. */
export type PipelineMending = Readonly<Record<keyof PipelineContent, Mending>>;
export interface Mending {
  readonly set: number;
  readonly removed: number;
}

/** A packet that the switch is to send as if it had come in by `inPort`. */
export interface PacketOut {
  /** The whole Ethernet frame, at most 1,500 bytes of payload. */
  readonly frame: Uint8Array<ArrayBuffer>;
  /** OpenFlow port number, or "controller" for none. */
  readonly inPort: number | "controller";
  /** In Open vSwitch's own syntax. */
  readonly actions: readonly string[];
}

/** What made the agent's picture of the switch stale. */
export type SwitchEvent =
  /** The database connection is (again) up, or the bridge was made (again). Ports and flows must be compared anew. */
  | { readonly type: "connected" }
  | { readonly type: "disconnected"; readonly reason: string }
  /** ovs-vswitchd has (re)started: its flow tables are empty. */
  | { readonly type: "flows-lost" }
  /** A port of ours was removed or changed by somebody else, or its link vanished. */
  | { readonly type: "ports-changed" };

export interface SwitchFacts {
  /** Random, made with the bridge and kept in its external_ids: the same for as long as the bridge is there. */
  readonly identity: string;
  /** "system": kernel module. "netdev": userspace, where veth needs transmit checksum offload off. */
  readonly datapath: "system" | "netdev";
  readonly version: string;
  /** How flows are written, e.g. "ovs-ofctl --bundle". */
  readonly flowProgrammer: string;
}

/** Ports that the database has no more. */
export interface Detachment {
  /** Resolves when ovs-vswitchd has let go of their links, which costs it an RCU grace period (~20 ms); rejects when it does not. */
  readonly released: Promise<void>;
}

export interface Switch {
  /**
   * Connects, starts Open vSwitch where that was asked for and is possible, makes the bridge `contiv0` if it is absent
   * (fail_mode=secure) and monitors it. Idempotent; resolves with the first full picture.
   */
  start(signal: AbortSignal): Promise<SwitchFacts>;
  readonly connected: boolean;
  /** Ports of the bridge whose external_ids carry `contiv-owner`. From memory: costs nothing. */
  ports(): readonly PortState[];
  /**
   * One database transaction. Resolves when every added port has its OpenFlow number and every removed one is gone, by the monitor.
   * A port that exists with the same spec is left alone. Throws SwitchError with nothing half-done.
   */
  applyPorts(
    add: readonly PortSpec[],
    remove: readonly string[],
    signal: AbortSignal,
  ): Promise<void>;
  /** Takes ports away. Resolves when the database has none of them any more; absent ones are no error. */
  detachPorts(names: readonly string[], signal: AbortSignal): Promise<Detachment>;
  /**
   * One atomic bundle; concurrent calls may share one. Resolves when all is in force. Throws SwitchError; nothing is then applied, and
   * meters, which OpenFlow knows no bundles of, were put back.
   */
  applyFlows(change: FlowChange, signal: AbortSignal): Promise<void>;
  /**
   * Makes what is installed of ours equal to `desired` by the difference: reads it, leaves what is right, adds before it removes, in
   * one bundle. Flows that are not ours are left alone; groups and meters of the bridge are all ours.
   */
  reconcilePipeline(desired: PipelineContent, signal: AbortSignal): Promise<PipelineMending>;
  /** Resolves when the switch has taken them. Throws SwitchError, "packet-refused" with the first that it would not take. */
  sendPackets(packets: readonly PacketOut[], signal: AbortSignal): Promise<void>;
  /** Events from now on until `signal` aborts. */
  events(signal: AbortSignal): AsyncIterable<SwitchEvent>;
  /** Lets go of the connections. Bridge, ports and flows stay as they are. */
  close(): Promise<void>;
}

export type SwitchErrorCode =
  /** Open vSwitch is not running or not reachable. */
  | "unavailable"
  /** Open vSwitch is not installed. */
  | "not-installed"
  | "timeout"
  /** The switch refused a port: missing link, number taken. */
  | "port-refused"
  /** The switch or the compiler refused a flow, group or meter; the message names it. */
  | "flow-refused"
  /** A packet to send is too long, or its actions are refused; the message names it. */
  | "packet-refused"
  | "protocol";

export class SwitchError extends Error {
  override readonly name = "SwitchError";
  constructor(readonly code: SwitchErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
  }
}

/**
 * What the flow programmer needs of an OpenFlow codec: text to messages, messages to data.
 * @module
 */
import type { InstalledFlow } from "../flow_commands.ts";
import type { InstalledGroup } from "../group_commands.ts";
import type { InstalledMeter } from "../meter_commands.ts";
import type { Message } from "./message.ts";

export type BundleControl = "open" | "commit" | "discard";

export type Dump = "groups" | "meters" | "port-statistics";

export interface OpenFlowCodec {
  /** The version of what it is made of, for the log, e.g. "libopenvswitch 3.1.0". */
  readonly description: string;
  /**
   * One message a line (`flow …`, `group …`, `packet-out …` as `ovs-ofctl bundle` reads them, `meter add …`), the i-th with the
   * transaction id `firstXid` + i; as parts of a bundle, unless `bundle` is 0. Takes some 6 µs a flow, synchronously. Throws LineError.
   */
  encodeLines(lines: readonly string[], firstXid: number, bundle: number): Message;
  encodeBundleControl(xid: number, bundle: number, what: BundleControl): Message;
  encodeBarrier(xid: number): Message;
  /** A request for the flows of all tables whose cookie equals `cookie` in the bits of `mask`. */
  encodeFlowDump(xid: number, cookie: bigint, mask: bigint): Message;
  /** A request for what there is of `what` in the whole switch. */
  encodeDump(xid: number, what: Dump): Message;
  decode(message: Message): Decoded;
}

export type Decoded =
  /** The switch's refusal, e.g. OFPBAC_BAD_OUT_GROUP "Invalid group id in group action." */
  | { readonly kind: "error"; readonly name: string; readonly description: string }
  /** A part of the answer to a flow dump. */
  | { readonly kind: "flows"; readonly more: boolean; readonly flows: readonly InstalledFlow[] }
  | { readonly kind: "groups"; readonly more: boolean; readonly groups: readonly InstalledGroup[] }
  | { readonly kind: "meters"; readonly more: boolean; readonly meters: readonly InstalledMeter[] }
  | {
    readonly kind: "port-statistics";
    readonly more: boolean;
    readonly ports: readonly PortStatistics[];
  }
  | { readonly kind: "port-status"; readonly status: PortStatus }
  /** Anything else, e.g. OFPT_BARRIER_REPLY. */
  | { readonly kind: "other"; readonly type: string }
  | { readonly kind: "invalid"; readonly reason: string };

/** A port came, went, or changed. */
export interface PortStatus {
  readonly reason: "add" | "delete" | "modify";
  readonly name: string;
  /** OpenFlow port number. */
  readonly number: number;
  /** Whether its link is up. */
  readonly up: boolean;
}

/** Since the port came. What the datapath does not count is absent. */
export interface PortStatistics {
  readonly number: number;
  readonly received: PortCounters;
  readonly sent: PortCounters;
}
export interface PortCounters {
  readonly packets?: bigint;
  readonly bytes?: bigint;
  readonly dropped?: bigint;
  readonly errors?: bigint;
}

/** A line that is none, or that a message could not say in full. */
export class LineError extends Error {
  override readonly name = "LineError";
  /** `line` counts from 0 within the call. */
  constructor(readonly line: number, readonly reason: string) {
    super(`line ${line}: ${reason}`);
  }
}

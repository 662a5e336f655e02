/**
 * What the flow programmer needs of an OpenFlow codec: text to messages, messages to data.
 * @module
 */
import type { InstalledFlow } from "../flow_commands.ts";
import type { Message } from "./message.ts";

export type BundleControl = "open" | "commit" | "discard";

export interface OpenFlowCodec {
  /** The version of what it is made of, for the log, e.g. "libopenvswitch 3.1.0". */
  readonly description: string;
  /**
   * One message a line (`flow add …`, as `ovs-ofctl bundle` reads them), the i-th with the transaction id `firstXid` + i, as parts
   * of a bundle. Takes some 6 µs a line, synchronously. Throws FlowTextError.
   */
  encodeFlows(lines: readonly string[], firstXid: number, bundle: number): Message;
  encodeBundleControl(xid: number, bundle: number, what: BundleControl): Message;
  encodeBarrier(xid: number): Message;
  /** A request for the flows of all tables whose cookie equals `cookie` in the bits of `mask`. */
  encodeFlowDump(xid: number, cookie: bigint, mask: bigint): Message;
  decode(message: Message): Decoded;
}

export type Decoded =
  /** The switch's refusal, e.g. OFPBAC_BAD_OUT_GROUP "Invalid group id in group action." */
  | { readonly kind: "error"; readonly name: string; readonly description: string }
  /** A part of the answer to a flow dump. */
  | { readonly kind: "flows"; readonly more: boolean; readonly flows: readonly InstalledFlow[] }
  /** Anything else, e.g. OFPT_BARRIER_REPLY. */
  | { readonly kind: "other"; readonly type: string }
  | { readonly kind: "invalid"; readonly reason: string };

/** A line that is not a flow, or that a message could not say in full. */
export class FlowTextError extends Error {
  override readonly name = "FlowTextError";
  /** `line` counts from 0 within the call. */
  constructor(readonly line: number, readonly reason: string) {
    super(`line ${line}: ${reason}`);
  }
}

/**
 * Writes flows over one OpenFlow connection of our own: no process is started, and a change costs two round trips. The connection is made
 * at first need and again after it was lost.
 * @module
 */
import { setImmediate } from "node:timers/promises";
import { SwitchError } from "../../../mod/agent/switch.ts";
import { withDeadline } from "../deadline.ts";
import type { InstalledFlow } from "../flow_commands.ts";
import { OURS } from "../flow_cookie.ts";
import type { FlowProgrammer } from "../flow_programmer.ts";
import { FlowTextError, type OpenFlowCodec } from "./codec.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { type Exchange, refusalIn } from "./exchange.ts";
import { type Message, xidOf } from "./message.ts";

/** As for ovs-ofctl: for the largest bundle on a busy machine. */
const DEADLINE_MS = 15_000;
/** Lines encoded at a time, in some 2 ms; between, the event loop gets its turn. */
const SLICE = 500;

export class OpenFlowProgrammer implements FlowProgrammer {
  readonly description: string;
  readonly #codec: OpenFlowCodec;
  readonly #options: ConnectionOptions;
  readonly #closing = new AbortController();
  #connecting: Promise<Connection> | undefined;
  #bundles = 0;

  constructor(codec: OpenFlowCodec, options: ConnectionOptions) {
    this.#codec = codec;
    this.#options = options;
    this.description = `OpenFlow 1.5, ${codec.description}`;
  }

  async apply(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    await this.#within("the bundle of flows", (connection) => this.#bundle(connection, lines));
  }

  dump(): Promise<InstalledFlow[]> {
    return this.#within("the dump of flows", async (connection) => {
      const [cookie = "", mask = ""] = OURS.split("/");
      using exchange = connection.exchange(1);
      const request = this.#codec.encodeFlowDump(exchange.first, BigInt(cookie), BigInt(mask));
      await connection.write(request);
      const flows: InstalledFlow[] = [];
      for (;;) {
        const part = this.#codec.decode(await exchange.next());
        if (part.kind !== "flows") {
          throw new SwitchError("protocol", `cannot read flows: ${JSON.stringify(part)}`);
        }
        for (const flow of part.flows) flows.push(flow);
        if (!part.more) return flows;
      }
    });
  }

  async close(): Promise<void> {
    this.#closing.abort(new SwitchError("unavailable", "the flow programmer is closed"));
    const connection = await this.#connecting?.catch(() => undefined);
    await connection?.close();
  }

  /**
   * Ordered and atomic (OpenFlow 1.5.1 §6.9). A refused part does not keep a bundle from being committed without it, so it is
   * committed only after a barrier has shown that there is none.
   */
  async #bundle(connection: Connection, lines: readonly string[]): Promise<void> {
    const bundle = this.#nextBundle();
    using exchange = connection.exchange(lines.length + 3);
    const firstLine = exchange.first + 1;
    const barrier = firstLine + lines.length;
    const end = barrier + 1;
    const control = this.#codec.encodeBundleControl.bind(this.#codec);
    let fault: SwitchError | undefined;
    try {
      await this.#writeLines(connection, exchange, bundle, lines);
      const refusal = refusalIn(await exchange.until(barrier));
      fault = refusal && this.#refused(refusal, firstLine, lines);
    } catch (error) {
      if (!(error instanceof FlowTextError)) throw error;
      fault = flowRefused(lines[error.line], error.reason);
      if (error.line < SLICE) throw fault; // nothing was sent yet, so nothing is to be discarded
    }
    await connection.write(control(end, bundle, fault ? "discard" : "commit"));
    const refusal = refusalIn(await exchange.until(end));
    if (fault) throw fault;
    if (refusal) throw this.#refused(refusal, firstLine, lines);
  }

  /** Opening, lines and barrier; a small change is one write. Throws FlowTextError: the slices before it were sent, no barrier. */
  async #writeLines(
    connection: Connection,
    { first }: Exchange,
    bundle: number,
    lines: readonly string[],
  ): Promise<void> {
    let head: Message = this.#codec.encodeBundleControl(first, bundle, "open");
    for (let at = 0; at < lines.length; at += SLICE) {
      if (at > 0) await setImmediate();
      const messages = [head, this.#encodeSlice(lines, at, first + 1, bundle)];
      if (at + SLICE >= lines.length) {
        messages.push(this.#codec.encodeBarrier(first + 1 + lines.length));
      }
      head = new Uint8Array();
      await connection.write(join(messages));
    }
  }

  #encodeSlice(lines: readonly string[], at: number, firstLine: number, bundle: number): Message {
    try {
      return this.#codec.encodeFlows(lines.slice(at, at + SLICE), firstLine + at, bundle);
    } catch (error) {
      if (error instanceof FlowTextError) throw new FlowTextError(at + error.line, error.reason);
      throw error;
    }
  }

  /** A refusal carries the transaction id of the line's message, or of the bundle's own. */
  #refused(refusal: Message, firstLine: number, lines: readonly string[]): SwitchError {
    const said = this.#codec.decode(refusal);
    const reason = said.kind === "error" ? `${said.name} (${said.description})` : said.kind;
    return flowRefused(lines[xidOf(refusal) - firstLine], reason);
  }

  #nextBundle(): number {
    this.#bundles = this.#bundles % 0xffff_ffff + 1;
    return this.#bundles;
  }

  /**
   * Work on the connection that ends in time. A connection that did not do its work is closed: what it may still do would be
   * unknown.
   */
  async #within<T>(what: string, work: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await withDeadline(what, DEADLINE_MS, this.#closing.signal, async (limited) => {
        const connection = await this.#connect(limited);
        const giveUp = () => void connection.close(limited.reason);
        limited.addEventListener("abort", giveUp);
        try {
          return await work(connection);
        } catch (error) {
          if (!isRefusal(error)) await connection.close();
          throw error;
        } finally {
          limited.removeEventListener("abort", giveUp);
        }
      });
    } catch (cause) {
      if (cause instanceof SwitchError) throw cause;
      const reason = cause instanceof Error ? cause.message : cause;
      throw new SwitchError(
        "unavailable",
        `${what} over ${this.#options.socket} failed: ${reason}; ` +
          "ovs-vswitchd must be running and serve the bridge; see: ovs-vsctl show",
        { cause },
      );
    }
  }

  /** The one connection. Concurrent callers wait for the same attempt. */
  async #connect(signal: AbortSignal): Promise<Connection> {
    const seen = this.#connecting;
    const present = await seen?.catch(() => undefined);
    if (present?.isOpen) return present;
    if (this.#connecting !== seen) return await this.#connect(signal); // another caller is at it
    this.#connecting = Connection.open(this.#options, signal);
    return await this.#connecting;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof SwitchError && error.code === "flow-refused";
}

function flowRefused(line: string | undefined, reason: string): SwitchError {
  const flow = line === undefined ? "a flow" : `the flow "${line}"`;
  return new SwitchError("flow-refused", `Open vSwitch refused ${flow}: ${reason}`);
}

function join(messages: readonly Message[]): Message {
  const bytes = new Uint8Array(messages.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const message of messages) {
    bytes.set(message, at);
    at += message.length;
  }
  return bytes;
}

/**
 * Writes flows, groups and meters, and sends packets, over one OpenFlow connection of our own: no process is started, and a change costs two round trips. The connection is made
 * at first need and again after it was lost.
 * @module
 */
import { setImmediate } from "node:timers/promises";
import { SwitchError } from "../../../mod/agent/switch.ts";
import { withDeadline } from "../deadline.ts";
import type { FlowProgrammer, Installed } from "../flow_programmer.ts";
import type { InstalledMeter } from "../meter_commands.ts";
import { type Refusal, refused } from "../refusal.ts";
import { SLICE } from "../slices.ts";
import { askForPortStatus } from "./asynchronous.ts";
import { LineError, type OpenFlowCodec, type PortStatistics, type PortStatus } from "./codec.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { dumpFlows, dumpGroups, dumpMeters, dumpPortStatistics } from "./dump.ts";
import { type Exchange, refusalIn } from "./exchange.ts";
import { type Message, Type, typeOf, xidOf } from "./message.ts";
import { PortStatusFeed } from "./port_status_feed.ts";

/** As for ovs-ofctl: for the largest bundle on a busy machine. */
const DEADLINE_MS = 15_000;

export interface OpenFlowOptions extends Omit<ConnectionOptions, "onAsynchronous"> {
  /**
   * Told of ports that come, go or change, as soon as that is in force, before the database says so. A notice only: what happens while
   * there is no connection is not told. Must not throw.
   */
  readonly onPortStatus?: (status: PortStatus) => void;
}

export class OpenFlowProgrammer implements FlowProgrammer {
  readonly description: string;
  readonly #codec: OpenFlowCodec;
  readonly #options: OpenFlowOptions;
  readonly #closing = new AbortController();
  #connecting: Promise<Connection> | undefined;
  #bundles = 0;

  constructor(codec: OpenFlowCodec, options: OpenFlowOptions) {
    this.#codec = codec;
    this.#options = options;
    this.description = `OpenFlow 1.5, ${codec.description}`;
  }

  async apply(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    await this.#within("the bundle of flows", (connection) => this.#bundle(connection, lines));
  }

  async changeMeters(lines: readonly string[]): Promise<void> {
    await this.#within(
      "the change of meters",
      (connection) => this.#plain(connection, lines, "flow-refused"),
    );
  }

  async sendPackets(lines: readonly string[]): Promise<void> {
    await this.#within(
      "the packets",
      (connection) => this.#plain(connection, lines, "packet-refused"),
    );
  }

  dump(): Promise<Installed> {
    return this.#within("the dump of flows", async (connection) => {
      const [flows, groups, meters] = await Promise.all([
        dumpFlows(connection, this.#codec),
        dumpGroups(connection, this.#codec),
        dumpMeters(connection, this.#codec),
      ]);
      return { flows, groups, meters };
    });
  }

  dumpMeters(): Promise<readonly InstalledMeter[]> {
    return this.#within("the dump of meters", (to) => dumpMeters(to, this.#codec));
  }

  /** Of every port of the bridge. */
  portStatistics(): Promise<readonly PortStatistics[]> {
    return this.#within("the port statistics", (to) => dumpPortStatistics(to, this.#codec));
  }

  async close(): Promise<void> {
    this.#closing.abort(new SwitchError("unavailable", "the flow programmer is closed"));
    const connection = await this.#connecting?.catch(() => undefined);
    await connection?.close();
  }

  /** Messages that no bundle may hold. The first that is refused is named; those after it were done all the same. */
  async #plain(connection: Connection, lines: readonly string[], code: Refusal): Promise<void> {
    for (let at = 0; at < lines.length; at += SLICE) {
      const slice = lines.slice(at, at + SLICE);
      using exchange = connection.exchange(slice.length + 1);
      const barrier = exchange.first + slice.length;
      const messages = this.#encodePlain(slice, exchange.first, code);
      await connection.write(join([messages, this.#codec.encodeBarrier(barrier)]));
      const refusal = refusalIn(await exchange.until(barrier));
      if (refusal) throw this.#refused(code, refusal, exchange.first, slice);
    }
  }

  #encodePlain(lines: readonly string[], first: number, code: Refusal): Message {
    try {
      return this.#codec.encodeLines(lines, first, 0);
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      throw refused(code, lines[error.line], error.reason);
    }
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
      fault = refusal && this.#refused("flow-refused", refusal, firstLine, lines);
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      fault = refused("flow-refused", lines[error.line], error.reason);
      if (error.line < SLICE) throw fault; // nothing was sent yet, so nothing is to be discarded
    }
    await connection.write(control(end, bundle, fault ? "discard" : "commit"));
    const refusal = refusalIn(await exchange.until(end));
    if (fault) throw fault;
    if (refusal) throw this.#refused("flow-refused", refusal, firstLine, lines);
  }

  /** Opening, lines and barrier; a small change is one write. Throws LineError: the slices before it were sent, no barrier. */
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
      return this.#codec.encodeLines(lines.slice(at, at + SLICE), firstLine + at, bundle);
    } catch (error) {
      if (error instanceof LineError) throw new LineError(at + error.line, error.reason);
      throw error;
    }
  }

  /** A refusal carries the transaction id of the line's message, or of the bundle's own. */
  #refused(
    code: Refusal,
    refusal: Message,
    firstLine: number,
    lines: readonly string[],
  ): SwitchError {
    const said = this.#codec.decode(refusal);
    const reason = said.kind === "error" ? `${said.name} (${said.description})` : said.kind;
    return refused(code, lines[xidOf(refusal) - firstLine], reason);
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
    this.#connecting = this.#open(signal);
    return await this.#connecting;
  }

  async #open(signal: AbortSignal): Promise<Connection> {
    const { onPortStatus, ...options } = this.#options;
    if (!onPortStatus) return await Connection.open(options, signal);
    const feed = new PortStatusFeed(() => this.#barrier(connection), onPortStatus);
    const onAsynchronous = (message: Message) => {
      if (typeOf(message) !== Type.PORT_STATUS) return;
      const said = this.#codec.decode(message);
      if (said.kind === "port-status") feed.hear(said.status);
    };
    const connection = await Connection.open({ ...options, onAsynchronous }, signal);
    await connection.write(join(askForPortStatus(0)));
    return connection;
  }

  async #barrier(connection: Connection): Promise<void> {
    using exchange = connection.exchange(1);
    await connection.write(this.#codec.encodeBarrier(exchange.first));
    await exchange.until(exchange.first);
  }
}

/** The connection is none the worse for it. */
function isRefusal(error: unknown): boolean {
  return error instanceof SwitchError &&
    (error.code === "flow-refused" || error.code === "packet-refused");
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

/**
 * An OpenFlow 1.5 connection to a bridge's management socket, from hello to its end. It answers and sends echo requests, gives replies and
 * errors to the exchange they belong to, and all other messages, which the switch sends unasked, to a listener.
 * @module
 */
import { withDeadline } from "../deadline.ts";
import { Exchange } from "./exchange.ts";
import { Framing } from "./framing.ts";
import {
  echoReply,
  hello,
  makeMessage,
  type Message,
  offersVersion,
  Type,
  typeOf,
  xidOf,
} from "./message.ts";

const HELLO_MS = 5_000;
const READ_BYTES = 64 * 1024;
/** Of a switch that asks and does not read, no more answers are kept. */
const UNREAD_BYTES = 1024 * 1024;
const SILENCE_MS = 10_000;
const LAST_XID = 0xffff_ffff;

export interface ConnectionOptions {
  /** Path of the bridge's management socket, `<run directory>/<bridge>.mgmt`. */
  readonly socket: string;
  /** Told of messages that nobody waits for, e.g. OFPT_PORT_STATUS, OFPT_PACKET_IN. Default: they are dropped. */
  readonly onAsynchronous?: (message: Message) => void;
  /** After so long without a word an echo request is sent; after as long again the connection is given up. Default 10,000. */
  readonly silenceMs?: number;
}

export class Connection {
  readonly #socket: Deno.UnixConn;
  readonly #options: ConnectionOptions;
  readonly #exchanges = new Set<Exchange>();
  readonly #greeted = Promise.withResolvers<void>();
  readonly #ended: Promise<void>;
  readonly #silence: ReturnType<typeof setInterval>;
  #nextXid = 1;
  /** The writes so far: they must not interleave. */
  #written: Promise<void> = Promise.resolve();
  /** Bytes of echo replies that the kernel has not taken yet. */
  #unread = 0;
  #end: Error | undefined;
  #heard = true;

  private constructor(socket: Deno.UnixConn, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#greeted.promise.catch(() => {}); // whoever opens the connection looks at it, or has given up
    this.#silence = setInterval(() => this.#probe(), options.silenceMs ?? SILENCE_MS);
    this.#silence.unref();
    this.#ended = this.#receive();
  }

  /** Resolves after the hellos; throws what Deno.connect() throws, SwitchError "timeout", or why the connection ended. */
  static async open(options: ConnectionOptions, signal: AbortSignal): Promise<Connection> {
    const socket = await Deno.connect({ transport: "unix", path: options.socket });
    const connection = new Connection(socket, options);
    try {
      await withDeadline("the switch's OpenFlow hello", HELLO_MS, signal, async (limited) => {
        limited.addEventListener("abort", () => connection.#greeted.reject(limited.reason));
        await connection.write(hello(0));
        await connection.#greeted.promise;
      });
      return connection;
    } catch (error) {
      await connection.close(error instanceof Error ? error : undefined);
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** Reserves `count` transaction ids. Dispose of it when the answers have come. */
  exchange(count: number): Exchange {
    // Ids come again only after four thousand million others.
    if (this.#nextXid + count > LAST_XID) this.#nextXid = 1;
    const exchange = new Exchange(this.#nextXid, count, (over) => this.#exchanges.delete(over));
    this.#nextXid += count;
    if (this.#end) exchange.fail(this.#end);
    else this.#exchanges.add(exchange);
    return exchange;
  }

  /** Resolves when the kernel has taken the bytes; that is the caller's brake. Throws why the connection ended. */
  write(bytes: Uint8Array): Promise<void> {
    const written = this.#written.then(() => this.#writeAll(bytes));
    this.#written = written.catch(() => {}); // its caller is told
    return written;
  }

  /** Ends the connection; whoever waits is told `reason`. Bundles that were not committed go with it. */
  async close(reason: Error = new Error("the OpenFlow connection was closed")): Promise<void> {
    this.#finish(reason);
    await this.#ended;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        if (this.#end) throw this.#end;
        at += await this.#socket.write(bytes.subarray(at));
      }
    } catch (cause) {
      this.#finish(new Error("cannot write to the OpenFlow connection", { cause }));
      throw this.#end;
    }
  }

  /** Until the connection ends, of itself or by #finish. Never rejects. */
  async #receive(): Promise<void> {
    const framing = new Framing();
    const buffer = new Uint8Array(READ_BYTES);
    let reason = new Error("the switch closed the OpenFlow connection");
    try {
      for (;;) {
        const count = await this.#socket.read(buffer);
        if (count === null) break;
        this.#heard = true;
        for (const message of framing.push(buffer.subarray(0, count))) this.#take(message);
      }
    } catch (error) {
      if (error instanceof Error) reason = error;
    }
    this.#finish(reason);
  }

  #take(message: Message): void {
    const type = typeOf(message);
    if (type === Type.HELLO) {
      if (!offersVersion(message)) throw new Error("the bridge does not speak OpenFlow 1.5");
      this.#greeted.resolve();
    } else if (type === Type.ECHO_REQUEST) {
      this.#answerEcho(message);
    } else if (type !== Type.ECHO_REPLY) {
      const xid = xidOf(message);
      const exchange = isAnswer(type) && this.#exchanges.values().find((each) => each.has(xid));
      if (exchange) exchange.deliver(message);
      else this.#options.onAsynchronous?.(message);
    }
  }

  #answerEcho(request: Message): void {
    if (this.#unread > UNREAD_BYTES) throw new Error("the switch does not read what it asks for");
    this.#unread += request.length;
    const answered = () => void (this.#unread -= request.length);
    this.write(echoReply(request)).then(answered, answered); // a failed write has ended the connection
  }

  #probe(): void {
    if (!this.#heard) this.#finish(new Error("the switch does not answer OpenFlow echo requests"));
    else this.write(makeMessage(Type.ECHO_REQUEST, 0, new Uint8Array())).catch(() => {});
    this.#heard = false;
  }

  #finish(reason: Error): void {
    if (this.#end) return;
    this.#end = reason;
    clearInterval(this.#silence);
    this.#socket.close();
    this.#greeted.reject(reason);
    for (const exchange of this.#exchanges) exchange.fail(reason);
    this.#exchanges.clear();
  }
}

function isAnswer(type: number): boolean {
  return type === Type.ERROR || type === Type.MULTIPART_REPLY || type === Type.BARRIER_REPLY ||
    type === Type.BUNDLE_CONTROL;
}

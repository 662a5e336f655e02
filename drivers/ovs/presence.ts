/**
 * Holds one OpenFlow connection to the bridge's management socket for no other purpose than to see it end: that is how a restart of
 * ovs-vswitchd, which empties the flow tables, shows at once. Says hello, answers echo requests (OpenFlow 1.5.1 §7.5), ignores the rest.
 * @module
 */
import { Backoff, pause } from "./deadline.ts";

const VERSION = 0x06;
const HEADER_BYTES = 8;
const HELLO = 0, ECHO_REQUEST = 2, ECHO_REPLY = 3;

export interface PresenceHandlers {
  /** The bridge answers; `again`: after it had been lost. */
  up(again: boolean): void;
  down(): void;
}

export class Presence {
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #connection: Deno.UnixConn | undefined;
  #seen = false;

  constructor(private readonly socket: string, private readonly handlers: PresenceHandlers) {
    this.#ended = this.#follow();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#shut();
    await this.#ended;
  }

  async #follow(): Promise<void> {
    const backoff = new Backoff(20, 500);
    while (!this.#stop.signal.aborted) {
      if (await this.#attend()) backoff.reset();
      await pause(backoff.delay(), this.#stop.signal);
    }
  }

  /** One connection, from beginning to end. Resolves with whether the switch had answered; never rejects. */
  async #attend(): Promise<boolean> {
    let up = false;
    try {
      const connection = await Deno.connect({ transport: "unix", path: this.socket });
      this.#connection = connection;
      if (this.#stop.signal.aborted) return false;
      const writer = connection.writable.getWriter();
      await writer.write(message(HELLO, new Uint8Array(4), new Uint8Array()));
      for await (const { type, xid, body } of messages(connection.readable)) {
        if (type === HELLO && !up) {
          up = true;
          this.handlers.up(this.#seen);
          this.#seen = true;
        } else if (type === ECHO_REQUEST) await writer.write(message(ECHO_REPLY, xid, body));
      }
    } catch {
      // The socket is absent, or the connection was cut: either is what we are here to see.
    }
    this.#shut();
    if (up && !this.#stop.signal.aborted) this.handlers.down();
    return up;
  }

  #shut(): void {
    try {
      this.#connection?.close();
    } catch {
      // Closed by its streams already.
    }
    this.#connection = undefined;
  }
}

interface Message {
  readonly type: number;
  readonly xid: Uint8Array;
  readonly body: Uint8Array;
}

/** A message's length is 16 bits: no more than 64 KiB is ever held. Ends at a length that cannot be. */
async function* messages(stream: ReadableStream<Uint8Array>): AsyncGenerator<Message> {
  let held = new Uint8Array();
  for await (const chunk of stream) {
    const bytes = new Uint8Array(held.length + chunk.length);
    bytes.set(held);
    bytes.set(chunk, held.length);
    held = bytes;
    while (held.length >= HEADER_BYTES) {
      const length = new DataView(held.buffer, held.byteOffset).getUint16(2);
      if (length < HEADER_BYTES) return;
      if (held.length < length) break;
      yield {
        type: held[1] ?? 0,
        xid: held.slice(4, HEADER_BYTES),
        body: held.slice(HEADER_BYTES, length),
      };
      held = held.subarray(length);
    }
  }
}

function message(type: number, xid: Uint8Array, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  bytes[0] = VERSION;
  bytes[1] = type;
  new DataView(bytes.buffer).setUint16(2, bytes.length);
  bytes.set(xid, 4);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

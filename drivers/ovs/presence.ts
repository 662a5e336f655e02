/**
 * Holds one OpenFlow connection to the bridge's management socket for no other purpose than to see it end: that is how a restart of
 * ovs-vswitchd, which empties the flow tables, shows at once. Says hello, answers echo requests (OpenFlow 1.5.1 §7.5), ignores the rest.
 * @module
 */
import { delay } from "../delay.ts";
import { Backoff } from "./deadline.ts";
import { Framing } from "./openflow/framing.ts";
import { echoReply, hello, Type, typeOf } from "./openflow/message.ts";

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
      await delay(backoff.delay(), this.#stop.signal);
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
      await writer.write(hello(0));
      const framing = new Framing();
      for await (const chunk of connection.readable) {
        for (const message of framing.push(chunk)) {
          if (typeOf(message) === Type.HELLO && !up) {
            up = true;
            this.handlers.up(this.#seen);
            this.#seen = true;
          } else if (typeOf(message) === Type.ECHO_REQUEST) await writer.write(echoReply(message));
        }
      }
    } catch {
      // The socket is absent, the connection was cut, or what came is no OpenFlow: that is what we are here to see.
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

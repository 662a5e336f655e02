/**
 * One caller's share of a connection: a range of transaction ids for its requests, and what the switch answers to them, in order.
 * @module
 */
import { type Message, Type, typeOf, xidOf } from "./message.ts";

export class Exchange implements Disposable {
  readonly #arrived: Message[] = [];
  #arrival = Promise.withResolvers<void>();
  #failure: Error | undefined;

  /** Ids `first` to `first` + `count` − 1. `forget` is called once it is over. */
  constructor(
    readonly first: number,
    readonly count: number,
    private readonly forget: (exchange: Exchange) => void,
  ) {}

  has(xid: number): boolean {
    return xid >= this.first && xid < this.first + this.count;
  }

  /** The next reply or refusal to one of ours. Throws when the connection has ended. */
  async next(): Promise<Message> {
    for (;;) {
      const message = this.#arrived.shift();
      if (message) return message;
      if (this.#failure) throw this.#failure;
      await this.#arrival.promise;
      this.#arrival = Promise.withResolvers();
    }
  }

  /** All up to the answer to `xid`, which is the last. */
  async until(xid: number): Promise<Message[]> {
    const messages: Message[] = [];
    for (;;) {
      const message = await this.next();
      messages.push(message);
      if (xidOf(message) === xid) return messages;
    }
  }

  deliver(message: Message): void {
    this.#arrived.push(message);
    this.#arrival.resolve();
  }

  fail(error: Error): void {
    this.#failure = error;
    this.#arrival.resolve();
  }

  [Symbol.dispose](): void {
    this.forget(this);
  }
}

/** The first that is an OFPT_ERROR; later ones tend to follow from it. */
export function refusalIn(messages: readonly Message[]): Message | undefined {
  return messages.find((message) => typeOf(message) === Type.ERROR);
}

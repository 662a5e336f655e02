/**
 * Watches links and their addresses. One poll(2) on the pool waits for the netlink socket and for an eventfd by which it is stopped; what has come is read
 * on the event loop. So the watch holds exactly one of the pool's threads, and none once nobody listens.
 * @module
 */
import type { KernelEvent } from "../../mod/agent/kernel.ts";
import { errnoOf, kernelError } from "./errno.ts";
import { linkOfAddress } from "./address.ts";
import { errno, libc } from "./libc.ts";
import { decodeLink, type Link } from "./link.ts";
import { RTM_DELADDR, RTM_DELLINK, RTM_NEWLINK } from "./netlink/constants.ts";
import { type Message, messages } from "./netlink/decode.ts";
import { DATAGRAM_BYTES, type NetlinkSocket, setOption } from "./netlink/socket.ts";

const EFD_CLOEXEC_NONBLOCK = 0o2000000 | 0o4000;
const MSG_DONTWAIT = 0x40;
const POLLIN = 1;
const SOL_SOCKET = 1;
/** Beyond the system's limit for unprivileged sockets; for root. */
const SO_RCVBUFFORCE = 33;
const RECEIVE_BUFFER_BYTES = 1 << 20;
/** A listener that falls further behind is told to look at everything again. */
const QUEUE_EVENTS = 4096;
/** What a change of links tells comes in several datagrams, just when whoever made the change needs the event loop: read together. */
const GATHER_MS = 10;

/** Turns messages into events; knows links by index, so that a rename is the removal of the old name. */
export class LinkTracker {
  readonly #names = new Map<number, string>();
  readonly #up = new Set<number>();

  /** From messages of the monitor or, to begin with, from a list. */
  learn(links: readonly Link[]): void {
    for (const { index, name, up } of links) {
      this.#names.set(index, name);
      if (up) this.#up.add(index);
    }
  }

  events(message: Message): KernelEvent[] {
    if (message.type === RTM_DELADDR) return this.#addressRemoved(message);
    const link = message.type === RTM_NEWLINK || message.type === RTM_DELLINK
      ? decodeLink(message.payload)
      : undefined;
    if (!link) return [];
    const before = this.#names.get(link.index);
    if (message.type === RTM_DELLINK) {
      this.#names.delete(link.index);
      this.#up.delete(link.index);
      return [{ type: "link-removed", name: link.name }];
    }
    this.#names.set(link.index, link.name);
    const changed: KernelEvent = { type: "link-changed", name: link.name };
    const renamed = before !== undefined && before !== link.name;
    return [
      ...renamed ? [{ type: "link-removed", name: before } as const] : [],
      changed,
      ...this.#wentDown(link) ? [{ type: "link-down", name: link.name } as const] : [],
    ];
  }

  #wentDown({ index, up }: Link): boolean {
    if (up) this.#up.add(index);
    return !up && this.#up.delete(index);
  }

  #addressRemoved({ payload }: Message): KernelEvent[] {
    const name = this.#names.get(linkOfAddress(payload) ?? 0);
    return name === undefined ? [] : [{ type: "address-removed", name }];
  }
}

/** Events waiting for one listener. Repeated changes of one link are one event; too many events are one "resync". */
export class EventQueue implements AsyncIterator<KernelEvent, undefined> {
  #events: KernelEvent[] = [];
  readonly #changed = new Set<string>();
  #wake: (() => void) | undefined;
  #failure: unknown;
  #ended = false;

  push(event: KernelEvent): void {
    if (this.#ended) return;
    if (event.type === "link-changed") {
      if (this.#changed.has(event.name)) return;
      this.#changed.add(event.name);
    } else if (event.type === "link-removed") this.#changed.delete(event.name);
    if (event.type === "resync" || this.#events.length >= QUEUE_EVENTS) {
      this.#events = [{ type: "resync" }];
      this.#changed.clear();
    } else this.#events.push(event);
    this.#wake?.();
  }

  end(failure?: unknown): void {
    this.#failure ??= failure;
    this.#ended = true;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<KernelEvent, undefined>> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      if (this.#ended) return { done: true, value: undefined };
      const event = this.#events.shift();
      if (event) {
        if (event.type === "link-changed") this.#changed.delete(event.name);
        return { done: false, value: event };
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

/** Runs while it has listeners. */
export class LinkMonitor {
  readonly #queues = new Set<EventQueue>();
  readonly #open: () => NetlinkSocket;
  readonly #list: () => Promise<readonly Link[]>;
  #running: { readonly wakeFd: number; readonly ended: Promise<void> } | undefined;

  /** `open`: a socket that listens to links and addresses, in our own namespace. */
  constructor(open: () => NetlinkSocket, list: () => Promise<readonly Link[]>) {
    this.#open = open;
    this.#list = list;
  }

  /** Listening has begun when this returns; the events are those from now on, until `signal` aborts or the iteration is left. */
  listen(signal: AbortSignal): AsyncIterable<KernelEvent> {
    const queue = new EventQueue();
    if (signal.aborted) queue.end();
    else {
      this.#queues.add(queue);
      this.#running ??= this.#start();
    }
    const leave = async (): Promise<IteratorResult<KernelEvent, undefined>> => {
      signal.removeEventListener("abort", leave);
      queue.end();
      this.#queues.delete(queue);
      if (this.#queues.size === 0) await this.#stop();
      return { done: true, value: undefined };
    };
    signal.addEventListener("abort", leave, { once: true });
    const iterator = { next: () => queue.next(), return: leave };
    return { [Symbol.asyncIterator]: () => iterator };
  }

  async close(): Promise<void> {
    for (const queue of this.#queues) queue.end();
    this.#queues.clear();
    await this.#stop();
  }

  async #stop(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    libc().write(running.wakeFd, new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]), 8n);
    await running.ended;
  }

  #start(): { wakeFd: number; ended: Promise<void> } {
    const socket = this.#open();
    const wakeFd = libc().eventfd(0, EFD_CLOEXEC_NONBLOCK);
    if (wakeFd < 0) {
      const error = kernelError(errno(), "open an eventfd");
      void socket.close();
      throw error;
    }
    setOption(socket.fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES);
    const ended = this.#watch(socket, wakeFd).catch((error: unknown) => {
      for (const queue of this.#queues) queue.end(error);
      this.#queues.clear();
    }).finally(async () => {
      // Nobody may write to the eventfd once its number can be another file's.
      if (this.#running?.wakeFd === wakeFd) this.#running = undefined;
      await socket.close();
      libc().close(wakeFd);
    });
    return { wakeFd, ended };
  }

  async #watch(socket: NetlinkSocket, wakeFd: number): Promise<void> {
    const tracker = new LinkTracker();
    tracker.learn(await this.#list());
    const buffer = new Uint8Array(DATAGRAM_BYTES);
    const polled = new Uint8Array(16);
    const view = new DataView(polled.buffer);
    view.setInt32(0, socket.fd, true);
    view.setInt32(8, wakeFd, true);
    for (;;) {
      view.setInt16(4, POLLIN, true);
      view.setInt16(12, POLLIN, true);
      // -1 is EINTR, the only error possible here: look and poll again.
      await libc().pollOnPool(polled, 2n, -1);
      if (view.getInt16(14, true) === 0) await libc().pollOnPool(polled.subarray(8), 1n, GATHER_MS);
      if (view.getInt16(14, true) !== 0) return;
      this.#drain(socket.fd, buffer, tracker);
    }
  }

  #drain(fd: number, buffer: Uint8Array<ArrayBuffer>, tracker: LinkTracker): void {
    for (;;) {
      const length = Number(libc().recv(fd, buffer, BigInt(buffer.length), MSG_DONTWAIT));
      if (length < 0) {
        const number = errno();
        if (number === errnoOf("EAGAIN")) return;
        if (number === errnoOf("EINTR")) continue;
        if (number !== errnoOf("ENOBUFS")) throw kernelError(number, "read link events");
        this.#publish({ type: "resync" });
        continue;
      }
      for (const message of messages(buffer.subarray(0, length))) {
        for (const event of tracker.events(message)) this.#publish(event);
      }
    }
  }

  #publish(event: KernelEvent): void {
    for (const queue of this.#queues) queue.push(event);
  }
}

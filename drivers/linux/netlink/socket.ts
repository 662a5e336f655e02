/**
 * A NETLINK_ROUTE socket: batches of changes with one verdict each, single questions, and dumps. It stays in the network namespace
 * that it was opened in, whichever thread uses it. Waiting for the kernel's RTNL lock happens on a pool thread, never on the event loop.
 * @module
 */
import { KernelError } from "../../../mod/agent/kernel.ts";
import { errnoOf, kernelError } from "../errno.ts";
import { errno, libc } from "../libc.ts";
import { Serial } from "../../../mod/agent/serial.ts";
import { AF_NETLINK, NLM_F_DUMP, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR } from "./constants.ts";
import { type Acknowledgement, acknowledgement, messages } from "./decode.ts";
import { MessageBuilder } from "./message.ts";

const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const MSG_DONTWAIT = 0x40;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
/** The kernel answers in microseconds, under contention in tenths of a second; this only ends what would never end. */
const ANSWER_SECONDS = 30;
/** The largest datagram that a dump uses (NLMSG_GOODSIZE limits are 32 KiB). */
export const DATAGRAM_BYTES = 32768;
/** A table that changes under the reader this many times in a row is not going to hold still. */
const DUMP_ATTEMPTS = 10;

/** One message of a batch. */
export interface Request {
  /** Completes "cannot …" in an error, e.g. `set vvport1 up`. */
  readonly attempted: string;
  readonly type: number;
  readonly flags?: number;
  readonly fill: (message: MessageBuilder) => void;
  /** Errors that mean that the state asked for is there already. */
  readonly tolerate?: readonly number[];
}

export interface Answer extends Acknowledgement {
  readonly replies: readonly Uint8Array[];
}

/** Acknowledgements wait in the socket when `send` returns, so they are read and decoded synchronously, all into one buffer. */
const received = new Uint8Array(DATAGRAM_BYTES);

export class NetlinkSocket {
  readonly #fd: number;
  readonly #builder = new MessageBuilder();
  readonly #turn = new Serial();
  #sequence = 1;
  #closed = false;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** In the calling thread's network namespace; `groups`: RTMGRP_* to listen to. */
  static open(groups = 0): NetlinkSocket {
    const fd = libc().socket(AF_NETLINK, SOCK_RAW_CLOEXEC, 0);
    if (fd < 0) throw kernelError(errno(), "open a netlink socket");
    const address = new Uint8Array(12);
    const view = new DataView(address.buffer);
    view.setUint16(0, AF_NETLINK, true);
    view.setUint32(8, groups, true);
    if (libc().bind(fd, address, address.length) < 0) {
      const error = kernelError(errno(), "bind a netlink socket");
      libc().close(fd);
      throw error;
    }
    setOption(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
    setOption(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
    libc().setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, timeval(ANSWER_SECONDS), 16);
    return new NetlinkSocket(fd);
  }

  get fd(): number {
    return this.#fd;
  }

  /** Closes once running exchanges are over. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#turn.run(() => {
      libc().close(this.#fd);
      return Promise.resolve();
    });
  }

  /** Sends all requests in one datagram. The kernel tries each one, whatever came of those before; throws for the first that failed. */
  async apply(requests: readonly Request[]): Promise<void> {
    throwFirst(requests, await this.exchange(requests));
  }

  /** As `apply`, but hands back the verdict of each request. */
  exchange(requests: readonly Request[]): Promise<Answer[]> {
    return this.#turn.run(async () => {
      this.#checkOpen();
      const first = this.#sequence;
      this.#builder.clear();
      for (const { type, flags = 0, fill } of requests) {
        this.#builder.add(type, flags, this.#next(), fill);
      }
      await this.#send(requests);
      return this.#answers(requests, first);
    });
  }

  /** All objects that a dump request lists. A dump during which the table changed (NLM_F_DUMP_INTR) is made again. */
  dump(request: Request): Promise<Uint8Array[]> {
    return this.#turn.run(async () => {
      this.#checkOpen();
      for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
        const objects = await this.#dumpOnce(request);
        if (objects) return objects;
      }
      throw new KernelError(
        "failed",
        `cannot ${request.attempted}: the table changed during each of ${DUMP_ATTEMPTS} attempts; try again`,
      );
    });
  }

  async #dumpOnce(request: Request): Promise<Uint8Array[] | undefined> {
    const sequence = this.#next();
    this.#builder.clear();
    this.#builder.add(request.type, NLM_F_DUMP, sequence, request.fill);
    await this.#send([request]);
    const buffer = new Uint8Array(DATAGRAM_BYTES);
    const objects: Uint8Array[] = [];
    let interrupted = false;
    for (;;) {
      const length = Number(
        await libc().recvOnPool(this.#fd, buffer, BigInt(buffer.length), 0),
      );
      if (length < 0) throw this.#noAnswer(request.attempted);
      for (const message of messages(buffer.subarray(0, length))) {
        if (message.sequence !== sequence) continue;
        interrupted ||= (message.flags & NLM_F_DUMP_INTR) !== 0;
        if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR) {
          const verdict = acknowledgement(message, message.type === NLMSG_ERROR);
          if (verdict.errno) throw kernelError(verdict.errno, request.attempted, verdict.text);
          return interrupted ? undefined : objects;
        }
        objects.push(message.payload.slice());
      }
    }
  }

  async #send(requests: readonly Request[]): Promise<void> {
    const bytes = this.#builder.bytes;
    const sent = await libc().sendOnPool(this.#fd, bytes, BigInt(bytes.length), 0);
    if (Number(sent) !== bytes.length) throw this.#noAnswer(requests[0]?.attempted ?? "send");
  }

  #answers(requests: readonly Request[], first: number): Answer[] {
    const verdicts = new Map<number, Acknowledgement>();
    const replies = requests.map((): Uint8Array[] => []);
    while (verdicts.size < requests.length) {
      const length = Number(
        libc().recv(this.#fd, received, BigInt(received.length), MSG_DONTWAIT),
      );
      if (length < 0) {
        const number = errno();
        if (number === errnoOf("EINTR")) continue;
        throw kernelError(number, `read the kernel's answer to: ${requests[0]?.attempted}`);
      }
      for (const message of messages(received.subarray(0, length))) {
        const at = message.sequence - first;
        if (at < 0 || at >= requests.length) continue;
        if (message.type === NLMSG_ERROR) verdicts.set(at, acknowledgement(message, true));
        else replies[at]?.push(message.payload.slice());
      }
    }
    return requests.map((_, at) => ({
      ...verdicts.get(at) ?? { errno: 0, text: "" },
      replies: replies[at] ?? [],
    }));
  }

  #next(): number {
    const sequence = this.#sequence;
    this.#sequence = (sequence + 1) % 0x7fffffff;
    return sequence;
  }

  #checkOpen(): void {
    if (this.#closed) throw new KernelError("failed", "the netlink socket is closed");
  }

  #noAnswer(attempted: string): KernelError {
    return new KernelError(
      "failed",
      `cannot ${attempted}: the kernel took no netlink message or gave no answer within ${ANSWER_SECONDS} s`,
    );
  }
}

/** Throws for the first request that the kernel refused; `answers` may go on with those to others. */
export function throwFirst(requests: readonly Request[], answers: readonly Answer[]): void {
  for (const [at, request] of requests.entries()) {
    const answer = answers[at];
    if (!answer || answer.errno === 0 || request.tolerate?.includes(answer.errno)) continue;
    throw kernelError(answer.errno, request.attempted, answer.text);
  }
}

/** Options that old kernels lack are conveniences: a failure is no error. */
export function setOption(fd: number, level: number, option: number, value: number): void {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  libc().setsockopt(fd, level, option, bytes, bytes.length);
}

function timeval(seconds: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(seconds), true);
  return bytes;
}

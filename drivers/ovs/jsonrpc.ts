/**
 * One JSON-RPC 1.0 connection over a stream, as ovsdb-server and OVS's unixctl speak it (RFC 7047 §4): requests with deadlines,
 * notifications handed on, `echo` answered. When the stream ends, every request that still waits fails.
 * @module
 */
import { SwitchError } from "../../mod/agent/switch.ts";
import { JsonFrames } from "./json_frames.ts";

/** What Deno.connect returns for a unix socket. */
export interface ByteStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

export type NotificationHandler = (method: string, params: readonly unknown[]) => void;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class JsonRpc {
  /** Resolves, never rejects, with the reason why the connection ended. */
  readonly closed: Promise<Error>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #onNotification: NotificationHandler;
  #nextId = 0;
  #ended: Error | undefined;

  constructor(stream: ByteStream, onNotification: NotificationHandler = () => {}) {
    this.#writer = stream.writable.getWriter();
    this.#reader = stream.readable.getReader();
    this.#onNotification = onNotification;
    this.closed = this.#receive().then((reason) => this.#end(reason));
  }

  /** Throws SwitchError "protocol" with the peer's words when it refuses, "unavailable" when the connection ends, or the signal's reason. */
  request(method: string, params: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended);
    if (signal.aborted) return Promise.reject(signal.reason);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const abort = () => settle(() => reject(signal.reason));
      const settle = (finish: () => void) => {
        this.#waiting.delete(id);
        signal.removeEventListener("abort", abort);
        finish();
      };
      signal.addEventListener("abort", abort);
      this.#waiting.set(id, {
        resolve: (result) => settle(() => resolve(result)),
        reject: (error) => settle(() => reject(error)),
      });
      this.#send({ method, params, id });
    });
  }

  close(): void {
    this.#end(new SwitchError("unavailable", "the connection to Open vSwitch was closed"));
  }

  #send(message: unknown): void {
    this.#writer.write(new TextEncoder().encode(JSON.stringify(message)))
      .catch((cause) => this.#end(lost(cause)));
  }

  async #receive(): Promise<Error> {
    const frames = new JsonFrames();
    try {
      while (true) {
        const { value, done } = await this.#reader.read();
        if (done) return lost(undefined);
        for (const frame of frames.push(value)) this.#handle(frame);
      }
    } catch (cause) {
      return cause instanceof SwitchError ? cause : lost(cause);
    }
  }

  #handle(message: Record<string, unknown>): void {
    const { id, method, params } = message;
    if (typeof method === "string") {
      const list = Array.isArray(params) ? params : [];
      if (method === "echo") this.#send({ id, result: list, error: null });
      else this.#onNotification(method, list);
      return;
    }
    const waiting = typeof id === "number" ? this.#waiting.get(id) : undefined;
    // An answer to a request that was given up is not an error.
    if (!waiting) return;
    if (message.error === null || message.error === undefined) waiting.resolve(message.result);
    else waiting.reject(new SwitchError("protocol", describe(message.error)));
  }

  #end(reason: Error): Error {
    if (this.#ended) return this.#ended;
    this.#ended = reason;
    for (const waiting of [...this.#waiting.values()]) waiting.reject(reason);
    // Both fail when the socket is gone already, which is what they are for.
    this.#reader.cancel().catch(() => {});
    this.#writer.abort().catch(() => {});
    return reason;
  }
}

/** RFC 7047 §3.1 `<error>`: an object with `error` and `details`; unixctl answers with a string. */
export function describe(error: unknown): string {
  if (typeof error === "object" && error !== null && "error" in error) {
    const details = "details" in error ? `: ${error.details}` : "";
    return `${error.error}${details}`;
  }
  return typeof error === "string" ? error.trim() : JSON.stringify(error);
}

function lost(cause: unknown): SwitchError {
  return new SwitchError("unavailable", "the connection to Open vSwitch was lost", { cause });
}

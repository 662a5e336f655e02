/**
 * One member of the cluster: its connection, its login, and what is known of whether it answers.
 * @module
 */
import { Readable } from "node:stream";
import type { CallOptions } from "@grpc/grpc-js";
import type { Etcd3, IDuplexStream, IWatchCreateRequest, IWatchResponse } from "etcd3";
import { Bell } from "../../../mod/state/bell.ts";
import { CallFailure, GrpcCode, isSilence, judge } from "./failure.ts";
import type { EtcdOptions } from "./options.ts";
import { rangeOf } from "./messages.ts";
import type { Connection, Transport } from "./transport.ts";

/** A request to one member, in etcd3's terms. */
export type Invoke<T> = (etcd: Etcd3, options: CallOptions) => Promise<T>;

export interface Try {
  /** Milliseconds until the member is given up. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

/** How long a member may take to prove that it serves; a healthy one needs a few milliseconds. */
const PROOF_MS = 1_500;
/** A member that answered within this time is not asked for a proof. */
const FRESH_MS = 1_000;
/** A member that did not answer comes last for this long. */
const SUSPECT_MS = 5_000;
const LOGIN_MS = 3_000;
/** Responses of a watch that wait for their reader before the member is held back. */
const QUEUE = 256;

export class Member {
  #connection: Connection;
  #token: Promise<string | undefined> | undefined;
  #proof: Promise<void> | undefined;
  #answered = -Infinity;
  #suspectUntil = -Infinity;
  #failed = new AbortController();
  #silent = new AbortController();

  constructor(
    readonly endpoint: string,
    private readonly transport: Transport,
    private readonly options: EtcdOptions,
    private readonly closed: AbortSignal,
  ) {
    this.#connection = transport.connect(endpoint);
  }

  get suspect(): boolean {
    return performance.now() < this.#suspectUntil;
  }

  /** Aborts when the member is found not to answer: streams on it then go elsewhere. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** `silent`: no answer came at all, so that nobody knows whether the connection still leads anywhere. */
  markFailed(silent: boolean): void {
    if (silent && !this.suspect && !this.closed.aborted) {
      this.#connection.close();
      this.#connection = this.transport.connect(this.endpoint);
    }
    this.#suspectUntil = performance.now() + SUSPECT_MS;
    this.#answered = -Infinity;
    this.#failed.abort();
    this.#failed = new AbortController();
  }

  /** Throws CallFailure, which for a token that the member does not take comes only after a second login. */
  async call<T>(invoke: Invoke<T>, tried: Try): Promise<T> {
    const login = this.#login();
    try {
      return await this.#once(invoke, tried);
    } catch (error) {
      if (!(error instanceof CallFailure) || judge(error) !== "token") throw error;
      // Many calls may fail on one token, and one login (which is slow on purpose) is enough for all.
      if (this.#token === login) this.#token = undefined;
      return await this.#once(invoke, tried);
    }
  }

  /** Resolves when the member has lately served a linearizable read, so is up and has the majority's ear. */
  async prove(signal: AbortSignal | undefined): Promise<void> {
    if (performance.now() - this.#answered < FRESH_MS) return;
    const proof = this.#proof ??= this.#readNothing().finally(() => this.#proof = undefined);
    await orGivenUp(proof, this.endpoint, signal);
  }

  /** A watch's responses until the stream ends, which it does by CallFailure unless `signal` aborts. */
  async *watch(
    request: IWatchCreateRequest,
    signal: AbortSignal,
  ): AsyncGenerator<IWatchResponse> {
    const token = await this.#login();
    const signals = [signal, this.closed, this.failed];
    const tracked = this.transport.track(this.endpoint, { token, signals });
    try {
      const stream = await this.#connection.etcd.watchClient.watch(tracked.options);
      const received = new Received(stream);
      stream.write({ create_request: request });
      try {
        yield* received.read(signal);
      } finally {
        stream.cancel();
      }
    } catch (error) {
      if (!signal.aborted) throw tracked.failure(error);
    } finally {
      tracked.end();
    }
  }

  close(): void {
    this.#connection.close();
  }

  async #once<T>(invoke: Invoke<T>, { limit, signal }: Try): Promise<T> {
    const begin = performance.now();
    const token = await orGivenUp(this.#login(), this.endpoint, signal);
    const left = Math.max(1, limit - (performance.now() - begin));
    return await this.#track(invoke, left, token, signal);
  }

  async #track<T>(
    invoke: Invoke<T>,
    limit: number,
    token: string | undefined,
    signal?: AbortSignal,
  ): Promise<T> {
    const signals = [this.closed, this.#silent.signal, ...(signal ? [signal] : [])];
    const tracked = this.transport.track(this.endpoint, { limit, token, signals });
    try {
      const result = await invoke(this.#connection.etcd, tracked.options);
      this.#answered = performance.now();
      return result;
    } catch (error) {
      throw tracked.failure(error);
    } finally {
      tracked.end();
    }
  }

  async #readNothing(): Promise<void> {
    const request = { ...rangeOf("/contiv.io/proof"), count_only: true };
    try {
      await this.call((etcd, options) => etcd.kv.range(request, options), { limit: PROOF_MS });
    } catch (error) {
      if (!(error instanceof CallFailure)) throw error;
      // A user who may not read this has been answered all the same.
      if (judge(error) === "answered") this.#answered = performance.now();
      else {
        if (isSilence(error)) this.#endCalls();
        throw error;
      }
    }
  }

  /** No answer will come to what is under way, or too late: it ends now, so that its caller can turn elsewhere. */
  #endCalls(): void {
    this.#silent.abort();
    this.#silent = new AbortController();
  }

  #login(): Promise<string | undefined> {
    const { auth } = this.options;
    if (!auth) return Promise.resolve(undefined);
    const request = { name: auth.username, password: auth.password };
    const login = this.#token ??= this.#track(
      (etcd, options) => etcd.auth.authenticate(request, options),
      LOGIN_MS,
      undefined,
    ).then(({ token }) => token, (error) => {
      if (this.#token === login) this.#token = undefined;
      // Without authentication in the cluster there is nothing to log in to, as etcd's own client has it.
      if (/authentication is not enabled/.test(error.message)) return undefined;
      throw error;
    });
    return login;
  }
}

/** What a stream has brought and nobody has read yet. */
class Received {
  readonly #queue: IWatchResponse[] = [];
  readonly #bell = new Bell();
  #end: { readonly error?: Error } | undefined;

  constructor(private readonly stream: IDuplexStream<unknown, IWatchResponse>) {
    stream.on("data", (response) => {
      this.#queue.push(response);
      if (this.#queue.length === QUEUE && stream instanceof Readable) stream.pause();
      this.#bell.ring();
    });
    stream.on("error", (error) => this.#finish({ error }));
    stream.on("end", () => this.#finish({}));
  }

  async *read(signal: AbortSignal): AsyncGenerator<IWatchResponse> {
    while (!signal.aborted) {
      const news = this.#bell.next(signal);
      const response = this.#queue.shift();
      if (response) yield response;
      else if (this.#end) throw this.#end.error ?? new Error("the member ended the stream");
      else await news;
      if (this.#queue.length === 0 && this.stream instanceof Readable && this.stream.isPaused()) {
        this.stream.resume();
      }
    }
  }

  #finish(end: { readonly error?: Error }): void {
    this.#end ??= end;
    this.#bell.ring();
  }
}

/** What is shared by several callers goes on when one of them has given up. */
function orGivenUp<T>(
  shared: Promise<T>,
  endpoint: string,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (!signal) return shared;
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      reject(new CallFailure(endpoint, GrpcCode.CANCELLED, "given up before call started"));
    };
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    shared.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
  });
}

/**
 * HTTP to whichever Consul agent answers: persistent connections, the next endpoint when one is away, stuck or without a leader, until
 * the call's deadline. Every request that is sent through it may take effect more than once.
 * @module
 */
import http from "node:http";
import https from "node:https";
import { backoff } from "../../../mod/state/timing.ts";
import { messageOf } from "../../../mod/state/message_of.ts";
import { StoreError } from "../../../mod/state/store.ts";
import { delay } from "../../delay.ts";
import { checkOptions, type ConsulOptions, type Endpoint } from "./options.ts";

export interface Request {
  readonly method: "GET" | "PUT";
  /** With the query. */
  readonly path: string;
  readonly body?: Uint8Array | string;
  /** Milliseconds that the server may keep the answer back. */
  readonly blocking?: number;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** X-Consul-Index; 0 when absent. */
  readonly index: number;
}

const CALL_DEADLINE_MS = 9_500;
/** Until the head of an answer is there. */
const ATTEMPT_MS = 1_500;
/** Between two pieces of an answer. */
const PIECE_MS = 3_000;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 400;
const TLS_REFUSAL = /certificate|CERT_|ERR_TLS|UnknownIssuer|handshake|alert/i;

export class Transport {
  readonly endpoints: readonly Endpoint[];
  readonly #agent: http.Agent;
  readonly #closed = new AbortController();
  /** The endpoint that answered last. */
  #current = 0;

  constructor(private readonly options: ConsulOptions) {
    this.endpoints = checkOptions(options);
    const { tls } = options;
    const pool = { keepAlive: true, maxSockets: 16 };
    this.#agent = tls === undefined ? new http.Agent(pool) : new https.Agent({
      ...pool,
      ...(tls.ca !== undefined && { ca: tls.ca }),
      ...(tls.certificate !== undefined && { cert: tls.certificate }),
      ...(tls.key !== undefined && { key: tls.key }),
      ...(tls.serverName !== undefined && { servername: tls.serverName }),
    });
  }

  /** Aborts when the transport is closed. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  close(): void {
    this.#closed.abort();
    this.#agent.destroy();
  }

  /** Throws StoreError "unavailable", "timeout" (the signal's), or "unusable" when a person has to act. */
  async send(request: Request, signal?: AbortSignal): Promise<Answer> {
    const end = performance.now() + CALL_DEADLINE_MS + (request.blocking ?? 0);
    for (let round = 0;; round++) {
      const failures: unknown[] = [];
      for (const endpoint of this.#inOrder()) {
        this.#check(signal);
        const { answer, failure } = await this.#attempt(endpoint, request, signal);
        if (answer) {
          this.#current = this.endpoints.indexOf(endpoint);
          return answer;
        }
        failures.push(failure);
      }
      this.#check(signal);
      this.#giveUp(failures, performance.now() > end);
      const pause = backoff(round, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, Math.random());
      await delay(pause, AbortSignal.any([this.closed, ...(signal ? [signal] : [])]));
    }
  }

  /** One request to one endpoint, whatever comes of it. */
  async ask(endpoint: Endpoint, request: Request, signal: AbortSignal): Promise<Answer> {
    return await this.#exchange(endpoint, request, signal);
  }

  /** From the one that answered last. */
  #inOrder(): Endpoint[] {
    return [...this.endpoints.slice(this.#current), ...this.endpoints.slice(0, this.#current)];
  }

  async #attempt(
    endpoint: Endpoint,
    request: Request,
    signal: AbortSignal | undefined,
  ): Promise<{ answer?: Answer; failure?: unknown }> {
    const given = new AbortController();
    const giveUp = () => given.abort();
    this.closed.addEventListener("abort", giveUp, { once: true });
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      const answer = await this.#exchange(endpoint, request, given.signal);
      if (answer.status === 403) throw refused(answer.text);
      if (answer.status < 500 && answer.status !== 429) return { answer };
      return { failure: `${endpoint.name}: ${answer.status} ${answer.text.slice(0, 200)}` };
    } catch (error) {
      if (error instanceof StoreError) throw error;
      return { failure: `${endpoint.name}: ${messageOf(error)}` };
    } finally {
      this.closed.removeEventListener("abort", giveUp);
      signal?.removeEventListener("abort", giveUp);
    }
  }

  #exchange(endpoint: Endpoint, request: Request, signal: AbortSignal): Promise<Answer> {
    const { tls, token } = this.options;
    const body = request.body === undefined ? undefined : Buffer.from(request.body);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const sent = (tls ? https : http).request({
      agent: this.#agent,
      host: endpoint.host,
      port: endpoint.port,
      method: request.method,
      path: request.path,
      headers: {
        ...(token !== undefined && { "X-Consul-Token": token }),
        ...(body && { "Content-Length": body.length }),
      },
    });
    let over = false;
    const patience = ATTEMPT_MS + (request.blocking ?? 0) * 17 / 16;
    const end = (reason: string) => {
      over = true;
      reject(new Error(reason));
      sent.destroy();
    };
    let timer = setTimeout(() => end(`no answer within ${patience} ms`), patience);
    const goesOn = () => {
      if (over) return;
      clearTimeout(timer);
      timer = setTimeout(() => end(`its answer stopped for ${PIECE_MS} ms`), PIECE_MS);
    };
    const abort = () => end("given up");
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    sent.on("error", reject);
    sent.on("response", (response) => {
      goesOn();
      const chunks: Uint8Array[] = [];
      response.on("data", (chunk: Uint8Array) => {
        goesOn();
        chunks.push(chunk);
      });
      response.on("error", reject);
      response.on("aborted", () => reject(new Error("the connection broke")));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString("utf8"),
          index: Number(response.headers["x-consul-index"] ?? 0),
        }));
    });
    sent.end(body);
    return promise.finally(() => {
      over = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    });
  }

  #check(signal: AbortSignal | undefined): void {
    if (this.closed.aborted) throw new StoreError("unavailable", "the store is closed");
    if (!signal?.aborted) return;
    throw new StoreError("timeout", "Consul did not answer before the caller gave up", {
      cause: signal.reason,
    });
  }

  #giveUp(failures: readonly unknown[], late: boolean): void {
    const reasons = failures.join("; ");
    if (failures.every((failure) => TLS_REFUSAL.test(String(failure)))) {
      throw new StoreError(
        "unusable",
        `no secure connection to Consul; check the CA, the client certificate and the server name: ${reasons}`,
      );
    }
    if (!late) return;
    throw new StoreError(
      "unavailable",
      `no Consul endpoint answered within ${CALL_DEADLINE_MS / 1000} s: ${reasons}`,
    );
  }
}

/** `reason`: Consul's. */
export function refused(reason: string): StoreError {
  return new StoreError(
    "unusable",
    `Consul refuses the request (${reason.trim().slice(0, 200)}); ` +
      `give a token that may write the key prefixes contiv.io/ and contiv.io-store/ and sessions`,
  );
}

/**
 * The few calls of Consul's HTTP API that the store is made of (developer.hashicorp.com/consul/api-docs: kv, txn, session).
 * @module
 */
import { StoreError } from "../../../mod/state/store.ts";
import type { Pair } from "./record_format.ts";
import { type Answer, refused, type Transport } from "./transport.ts";

/** What Consul 1.8 takes in one transaction; later versions take 128. */
export const MAX_STEPS = 64;
/** Bytes of a transaction's body: `txn_max_req_len`, 512 KiB, less some room. */
export const MAX_BODY_BYTES = 500_000;

export type Step =
  | { readonly verb: "set"; readonly key: string; readonly value: Uint8Array }
  | {
    readonly verb: "cas";
    readonly key: string;
    readonly value: Uint8Array;
    readonly index: number;
  }
  | {
    readonly verb: "delete" | "delete-tree" | "get" | "get-tree" | "check-not-exists";
    readonly key: string;
  }
  | { readonly verb: "check-index"; readonly key: string; readonly index: number }
  | { readonly verb: "check-session"; readonly key: string; readonly session: string };

export interface StoredPair extends Pair {
  readonly modifyIndex: number;
}

export type Outcome =
  | { readonly done: true; readonly pairs: readonly StoredPair[] }
  /** Nothing took place, because of these steps. */
  | { readonly done: false; readonly failed: readonly number[] };

export class ConsulApi {
  constructor(readonly transport: Transport) {}

  /**
   * All or nothing. A transaction that only reads sees one state, and all that was committed before. `patience`: milliseconds that the
   * answer may take longer than others.
   */
  async transaction(
    steps: readonly Step[],
    signal?: AbortSignal,
    patience?: number,
  ): Promise<Outcome> {
    const body = JSON.stringify(steps.map(stepJson));
    const path = "/v1/txn?consistent";
    const request = { method: "PUT" as const, path, body };
    const answer = await this.transport.send(
      patience === undefined ? request : { ...request, blocking: patience },
      signal,
    );
    if (answer.status === 200) {
      return { done: true, pairs: resultsOf(parsed(answer)).map(pairOf) };
    }
    if (answer.status === 409) {
      const denied = /[^"]*(Permission denied|ACL not found)[^"]*/.exec(answer.text);
      if (denied) throw refused(denied[0]);
      return { done: false, failed: failuresOf(parsed(answer)) };
    }
    throw unexpected("a transaction", answer);
  }

  /** Waits up to `wait` ms for something newer than `index`, unless that is 0. */
  async read(
    key: string,
    after: { index: number; wait: number },
    signal?: AbortSignal,
  ): Promise<{ pair: StoredPair | undefined; index: number }> {
    const answer = await this.#blocking(`${kvPath(key)}?`, after, signal);
    const [pair] = answer.status === 404 ? [] : arrayOf(parsed(answer)).map(pairOf);
    return { pair, index: answer.index };
  }

  /** The names of the keys under the prefix, otherwise as `read`. */
  async keys(
    prefix: string,
    after: { index: number; wait: number },
    signal?: AbortSignal,
  ): Promise<{ keys: string[]; index: number }> {
    const answer = await this.#blocking(`${kvPath(prefix)}?keys&`, after, signal);
    const keys = answer.status === 404 ? [] : arrayOf(parsed(answer)).map(String);
    return { keys, index: answer.index };
  }

  /** A plain write; `session`: only when the session lives, and then locked by it. Returns whether it took place. */
  async write(
    key: string,
    value: Uint8Array,
    session?: string,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const path = kvPath(key) + (session === undefined ? "" : `?acquire=${session}`);
    const answer = await this.transport.send({ method: "PUT", path, body: value }, signal);
    if (answer.status !== 200) throw unexpected(`writing ${key}`, answer);
    return answer.text.trim() === "true";
  }

  /** A session that only its time to live can end, and that deletes what it locked. `ttl`: seconds. Returns its id. */
  async createSession(ttl: number, signal?: AbortSignal): Promise<string> {
    const body = JSON.stringify({
      Name: "contiv",
      TTL: `${ttl}s`,
      Behavior: "delete",
      LockDelay: "0s",
      Checks: [],
      NodeChecks: [],
    });
    const path = "/v1/session/create";
    const answer = await this.transport.send({ method: "PUT", path, body }, signal);
    if (answer.status !== 200) throw unexpected("creating a session", answer);
    return String(field(parsed(answer), "ID"));
  }

  /** Returns whether the session was still there. */
  async renewSession(session: string, signal?: AbortSignal): Promise<boolean> {
    const path = `/v1/session/renew/${session}`;
    const answer = await this.transport.send({ method: "PUT", path }, signal);
    if (answer.status !== 200 && answer.status !== 404) {
      throw unexpected("renewing a session", answer);
    }
    return answer.status === 200;
  }

  async destroySession(session: string, signal?: AbortSignal): Promise<void> {
    const path = `/v1/session/destroy/${session}`;
    const answer = await this.transport.send({ method: "PUT", path }, signal);
    if (answer.status !== 200) throw unexpected("ending a session", answer);
  }

  async #blocking(
    start: string,
    after: { index: number; wait: number },
    signal?: AbortSignal,
  ): Promise<Answer> {
    const blocks = after.index > 0;
    const path = start + (blocks ? `index=${after.index}&wait=${after.wait}ms` : "consistent");
    const answer = await this.transport.send(
      { method: "GET", path, ...(blocks && { blocking: after.wait }) },
      signal,
    );
    if (answer.status !== 200 && answer.status !== 404) throw unexpected(`reading`, answer);
    return answer;
  }
}

const kvPath = (key: string): string =>
  `/v1/kv/${key.split("/").map(encodeURIComponent).join("/")}`;

function stepJson(step: Step): unknown {
  return {
    KV: {
      Verb: step.verb,
      Key: step.key,
      ...("value" in step && { Value: Buffer.from(step.value).toString("base64") }),
      ...("index" in step && { Index: step.index }),
      ...("session" in step && { Session: step.session }),
    },
  };
}

/** The bytes that the step takes in a transaction's body, at most. */
export function stepBytes(step: Step): number {
  const value = "value" in step ? Math.ceil(step.value.length / 3) * 4 : 0;
  return 120 + step.key.length * 6 + value;
}

function resultsOf(answer: unknown): unknown[] {
  return arrayOf(field(answer, "Results") ?? []).map((result) => field(result, "KV"));
}

function failuresOf(answer: unknown): number[] {
  return arrayOf(field(answer, "Errors") ?? []).map((error) => Number(field(error, "OpIndex")));
}

function pairOf(pair: unknown): StoredPair {
  const value = field(pair, "Value");
  return {
    key: String(field(pair, "Key")),
    value: Buffer.from(typeof value === "string" ? value : "", "base64"),
    modifyIndex: Number(field(pair, "ModifyIndex")),
  };
}

function parsed(answer: Answer): unknown {
  try {
    return JSON.parse(answer.text);
  } catch (error) {
    throw notConsul(error);
  }
}

function arrayOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw notConsul();
}

function notConsul(cause?: unknown): StoreError {
  const message = "what answers at the endpoint is not Consul's HTTP API";
  return new StoreError("unavailable", message, { cause });
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

function unexpected(what: string, answer: Answer): StoreError {
  const said = answer.text.trim().slice(0, 200);
  return new StoreError("unavailable", `Consul refused ${what}: ${answer.status} ${said}`);
}

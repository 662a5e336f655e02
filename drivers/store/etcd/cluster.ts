/**
 * The members as one: a call goes to a member that answers, and to the next one when that is safe. Whatever can have been applied
 * is never sent twice.
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { type CallOptions, StoreError } from "../../../mod/state/store.ts";
import { backoff } from "../../../mod/state/timing.ts";
import { delay } from "../../delay.ts";
import { answered, CallFailure, isSilence, judge, type Verdict } from "./failure.ts";
import { type Invoke, Member } from "./member.ts";
import type { EtcdOptions } from "./options.ts";
import type { Transport } from "./transport.ts";

/** The deadline of a call whose caller gives none. */
const DEADLINE_MS = 10_000;
/** No member has served for this long: the caller is told. Longer than an election takes (1 to 2 s by etcd's defaults). */
const GIVE_UP_MS = 5_000;
/** What is safe to repeat waits this long for one member. */
const READ_TRY_MS = 2_000;
/** What is not waits longer, as its outcome would be unknown. */
const WRITE_TRY_MS = 5_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;

export interface Request<T> {
  /** Continues "could not …", for errors. */
  readonly action: string;
  readonly invoke: Invoke<T>;
  /** Whether the request may be sent a second time when the outcome of the first is unknown. */
  readonly repeatable: boolean;
}

export interface Reply<T> {
  readonly result: T;
  readonly member: Member;
  /** Whether an earlier try may have been applied too. */
  readonly repeated: boolean;
}

export class Cluster {
  readonly members: readonly Member[];
  readonly #closed = new AbortController();
  readonly #logger: Logger | undefined;
  /** Who is asked first; everybody starts somewhere else, so that the members share the load. */
  #first: number;

  constructor(transport: Transport, private readonly options: EtcdOptions) {
    this.members = options.endpoints.map((endpoint) =>
      new Member(endpoint, transport, options, this.#closed.signal)
    );
    this.#first = Math.floor(Math.random() * this.members.length);
    this.#logger = options.logger;
  }

  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  async call<T>(request: Request<T>, { signal }: CallOptions = {}): Promise<Reply<T>> {
    const begin = performance.now();
    let repeated = false;
    for (let round = 0;; round++) {
      const failed: Failed[] = [];
      for (const member of this.#inOrder()) {
        const left = this.#timeLeft(request.action, begin, signal, failed.at(-1)?.failure);
        const outcome = await this.#try(member, request, left, signal);
        if ("result" in outcome) return { result: outcome.result, member, repeated };
        this.#throwFinal(request, outcome, signal);
        if (outcome.verdict === "unknown") repeated = true;
        this.#moveOn(member, outcome.failure);
        failed.push(outcome);
      }
      const last = failed.at(-1);
      if (last && failed.every(({ verdict }) => verdict === "tls")) {
        throw answered(last.failure, request.action, this.options.auth?.username);
      }
      if (performance.now() - begin > GIVE_UP_MS) {
        throw this.#unavailable(request.action, failed.map(({ failure }) => failure));
      }
      await delay(backoff(round, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, Math.random()), signal);
    }
  }

  close(): void {
    this.#closed.abort();
    for (const member of this.members) member.close();
  }

  /** Members that lately failed come last: they are asked when nobody else serves. */
  #inOrder(): Member[] {
    const from = this.#first;
    const turned = [...this.members.slice(from), ...this.members.slice(0, from)];
    return [
      ...turned.filter((member) => !member.suspect),
      ...turned.filter((member) => member.suspect),
    ];
  }

  /** A member is asked for what cannot be repeated only after it has shown that it serves. */
  async #try<T>(
    member: Member,
    { invoke, repeatable }: Request<T>,
    left: number,
    signal?: AbortSignal,
  ): Promise<{ readonly result: T } | Failed> {
    let begun = repeatable;
    try {
      if (!repeatable) await member.prove(signal);
      begun = true;
      const limit = Math.min(left, repeatable ? READ_TRY_MS : WRITE_TRY_MS);
      return { result: await member.call(invoke, { limit, signal }) };
    } catch (failure) {
      if (!(failure instanceof CallFailure)) throw failure;
      const verdict = judge(failure);
      return { failure, verdict: begun || verdict !== "unknown" ? verdict : "not-applied" };
    }
  }

  #throwFinal(request: Request<unknown>, { failure, verdict }: Failed, signal?: AbortSignal): void {
    const { action, repeatable } = request;
    if (this.closed.aborted) throw this.closedError();
    if (verdict === "answered") throw answered(failure, action, this.options.auth?.username);
    if (signal?.aborted) throw gaveUp(action, signal, failure);
    if (verdict === "unknown" && !repeatable) {
      throw new StoreError(
        isSilence(failure) ? "timeout" : "unavailable",
        `could not ${action}: ${failure.message}; whether it was applied is unknown`,
        { cause: failure },
      );
    }
  }

  #moveOn(member: Member, failure: CallFailure): void {
    if (!member.suspect) {
      this.#logger?.warn("etcd member {endpoint} fails, asking another: {details}", {
        endpoint: member.endpoint,
        details: failure.details,
      });
    }
    member.markFailed(isSilence(failure));
    if (this.members[this.#first] === member) this.#first = (this.#first + 1) % this.members.length;
  }

  #timeLeft(
    action: string,
    begin: number,
    signal: AbortSignal | undefined,
    cause: CallFailure | undefined,
  ): number {
    if (this.closed.aborted) throw this.closedError();
    if (signal?.aborted) throw gaveUp(action, signal, cause);
    const left = begin + DEADLINE_MS - performance.now();
    if (left > 0) return left;
    throw new StoreError("timeout", `could not ${action} within ${DEADLINE_MS / 1000} s`, {
      cause,
    });
  }

  closedError(): StoreError {
    return new StoreError("unavailable", `the ${this.description} is closed`);
  }

  get description(): string {
    return `etcd store ${this.options.endpoints.join(",")}`;
  }

  #unavailable(action: string, failures: readonly CallFailure[]): StoreError {
    const endpoints = this.options.endpoints.join(",");
    return new StoreError(
      "unavailable",
      `could not ${action}: no etcd member serves (${
        failures.map(({ message }) => message).join("; ")
      }); look with: etcdctl --endpoints=${endpoints} endpoint health`,
      { cause: failures.at(-1) },
    );
  }
}

interface Failed {
  readonly failure: CallFailure;
  readonly verdict: Verdict;
}

function gaveUp(action: string, signal: AbortSignal, cause: CallFailure | undefined): StoreError {
  return new StoreError(
    "timeout",
    `could not ${action}: the caller gave up${cause ? ` (${cause.message})` : ""}`,
    { cause: signal.reason },
  );
}

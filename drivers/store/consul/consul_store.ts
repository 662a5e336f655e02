/**
 * The store of a cluster that runs Consul 1.8 or later. Consul's transactions and sessions carry it; revisions, history and compares
 * are our own, in a log beside the records (docs/stores.md).
 * @module
 */
import { holds } from "../../../mod/state/evaluate.ts";
import { checkKey, checkPrefix, checkTransaction } from "../../../mod/state/limits.ts";
import { messageOf } from "../../../mod/state/message_of.ts";
import {
  type CallOptions,
  type Compare,
  type KeyValue,
  type LeaseId,
  type ListResult,
  type MemberHealth,
  type Operation,
  type Revision,
  type Store,
  StoreError,
  type TransactionResult,
  type WatchBatch,
} from "../../../mod/state/store.ts";
import { ConsulApi } from "./consul_api.ts";
import { Committer } from "./committer.ts";
import { followHead, followLeases } from "./followers.ts";
import { Leases } from "./leases.ts";
import { HEAD, toConsul } from "./names.ts";
import type { ConsulOptions } from "./options.ts";
import { Replica } from "./replica.ts";
import { Transport } from "./transport.ts";

export type { ConsulOptions } from "./options.ts";

const DEADLINE_MS = 10_000;

/**
 * Opens lazily: resolves even when no endpoint answers; calls then reject with StoreError "unavailable". Rejects with "unusable" for
 * options that can never work.
 */
// deno-lint-ignore require-await -- bad options reject, they do not throw
export async function openConsulStore(options: ConsulOptions): Promise<Store> {
  return new ConsulStore(options);
}

class ConsulStore implements Store {
  readonly description: string;
  readonly #transport: Transport;
  readonly #api: ConsulApi;
  readonly #replica: Replica;
  readonly #committer: Committer;
  readonly #leases: Leases;
  #followers: Promise<unknown> | undefined;
  /** How often the head could not be followed, and why the last time. */
  #losses = 0;
  #loss: unknown;

  constructor(private readonly options: ConsulOptions) {
    this.#transport = new Transport(options);
    this.description = `Consul ${options.endpoints.join(",")}`;
    this.#api = new ConsulApi(this.#transport);
    this.#replica = new Replica(this.#api, options.logger);
    this.#committer = new Committer(this.#api, this.#replica, options.logger);
    this.#leases = new Leases(this.#api, this.#replica, this.#committer);
  }

  async get(key: string, options?: CallOptions): Promise<KeyValue | undefined> {
    checkKey(key);
    await this.#within(options, () => this.#sync());
    return this.#replica.tree.get(key);
  }

  async list(prefix: string, options?: CallOptions): Promise<ListResult> {
    checkPrefix(prefix);
    await this.#within(options, () => this.#sync());
    return { items: this.#replica.tree.list(prefix), revision: this.#replica.revision };
  }

  async transact(
    compares: readonly Compare[],
    operations: readonly Operation[],
    options?: CallOptions,
  ): Promise<TransactionResult> {
    checkTransaction(compares, operations);
    for (const operation of operations) toConsul(operation.key);
    return await this.#within(options, async (signal) => {
      if (!this.#followers) await this.#sync();
      return await this.#committer.commit(
        (tree) => compares.every((compare) => holds(compare, tree)) ? operations : undefined,
        signal,
      );
    });
  }

  async *watch(prefix: string, from: Revision, signal: AbortSignal): AsyncIterable<WatchBatch> {
    checkPrefix(prefix);
    const replica = this.#replica;
    const either = AbortSignal.any([signal, this.#transport.closed]);
    if (!this.#followers) await this.#within({ signal }, () => this.#sync());
    const { generation } = replica;
    const losses = this.#losses;
    for (let next = from; !either.aborted;) {
      const news = replica.bell.next(either);
      if (this.#losses > losses) throw lossOf(this.#loss);
      if (replica.generation !== generation) {
        throw new StoreError("compacted", "the log in Consul does not reach back that far");
      }
      for (const { revision, events } of replica.history(next)) {
        next = revision + 1;
        const seen = events.filter((event) =>
          (event.type === "put" ? event.item.key : event.key).startsWith(prefix)
        );
        if (seen.length > 0) yield { revision, events: seen };
        if (either.aborted) return;
      }
      if (next > replica.revision) await news;
    }
  }

  grantLease(ttl: number, options?: CallOptions): Promise<LeaseId> {
    return this.#within(options, (signal) => this.#leases.grant(ttl, signal));
  }

  renewLease(lease: LeaseId, options?: CallOptions): Promise<void> {
    return this.#within(options, (signal) => this.#leases.renew(lease, signal));
  }

  revokeLease(lease: LeaseId, options?: CallOptions): Promise<void> {
    return this.#within(options, (signal) => this.#leases.revoke(lease, signal));
  }

  /** Concerns this process's history; the log in Consul is trimmed as it grows. */
  async compact(revision: Revision, options?: CallOptions): Promise<void> {
    await this.#within(options, () => this.#sync());
    if (revision > this.#replica.revision) {
      throw new StoreError("invalid", `revision ${revision} is in the future`);
    }
    this.#replica.forget(revision);
  }

  async health(options?: CallOptions): Promise<readonly MemberHealth[]> {
    return await Promise.all(
      this.#transport.endpoints.map(async (endpoint): Promise<MemberHealth> => {
        const detail = await this.#ailment(endpoint, options);
        return {
          endpoint: endpoint.name,
          healthy: detail === undefined,
          ...(detail !== undefined && { detail }),
        };
      }),
    );
  }

  async close(): Promise<void> {
    this.#transport.close();
    this.#replica.bell.ring();
    await this.#followers;
  }

  async #sync(): Promise<void> {
    await this.#replica.sync();
    this.#followers ??= Promise.all([
      followHead(this.#api, this.#replica, (error) => {
        this.#losses++;
        this.#loss = error;
        this.#replica.bell.ring();
      }),
      followLeases(this.#api, this.#leases, this.options.logger),
    ]);
  }

  /** Why the endpoint cannot serve; undefined when it can. */
  async #ailment(
    endpoint: Transport["endpoints"][number],
    options?: CallOptions,
  ): Promise<string | undefined> {
    const { closed } = this.#transport;
    if (closed.aborted) return "the store is closed";
    const signal = options?.signal ? AbortSignal.any([closed, options.signal]) : closed;
    try {
      const path = `/v1/kv/${HEAD}?consistent`;
      const { status, text } = await this.#transport.ask(endpoint, { method: "GET", path }, signal);
      return status === 200 || status === 404 ? undefined : `${status} ${text.trim()}`;
    } catch (error) {
      return messageOf(error);
    }
  }

  /** Runs `call` until the caller gives up, or the default deadline is over. */
  async #within<T>(
    options: CallOptions | undefined,
    call: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const over = new AbortController();
    const { promise, reject } = Promise.withResolvers<never>();
    const end = (reason: unknown) => {
      over.abort(reason);
      reject(
        new StoreError("timeout", `${this.description} did not answer in time`, { cause: reason }),
      );
    };
    const given = options?.signal;
    const giveUp = () => end(given?.reason);
    const timer = setTimeout(() => end("no answer within 10 s"), DEADLINE_MS);
    given?.addEventListener("abort", giveUp, { once: true });
    try {
      if (given?.aborted) giveUp();
      return await Promise.race([promise, over.signal.aborted ? promise : call(over.signal)]);
    } finally {
      clearTimeout(timer);
      given?.removeEventListener("abort", giveUp);
    }
  }
}

function lossOf(error: unknown): StoreError {
  return error instanceof StoreError
    ? error
    : new StoreError("unavailable", "the connection to Consul is lost", { cause: error });
}

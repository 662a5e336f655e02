/**
 * Changes of the cluster, by one more host that keeps on making and removing endpoints, and how long each takes until all agents have seen it.
 * @module
 */
import { realTiming } from "../../../drivers/store/testing.ts";
import { createEndpoint, deleteEndpoint } from "../../../mod/intent/endpoint.ts";
import type { EndpointRequest } from "../../../mod/intent/endpoint_request.ts";
import type { Cache } from "../../../mod/state/cache.ts";
import type { Plan } from "../../../mod/state/plan.ts";
import type { Snapshot } from "../../../mod/state/snapshot.ts";
import type { Operation, Store } from "../../../mod/state/store.ts";
import { transact } from "../../../mod/state/transact.ts";
import { Samples } from "../samples.ts";
import type { AgentsProcess } from "./agents_process.ts";
import { endpointOf, hostContext, type Shape } from "./shape.ts";

/** An agent that has not seen a change by then fails the benchmark. */
const SEEN_DEADLINE_MS = 10 * 60_000;
/** Between two changes, so that none waits for the one before. */
const PAUSE_MS = 50;
const never = new AbortController().signal;

/** Notes what is written. */
export class WrittenStore {
  revision = 0;
  transactions = 0;
  operations = 0;
  bytes = 0;
  readonly store: Store;

  constructor(target: Store) {
    const transact: Store["transact"] = async (compares, operations, options) => {
      const result = await target.transact(compares, operations, options);
      if (result.succeeded && operations.length > 0) this.#note(result.revision, operations);
      return result;
    };
    this.store = new Proxy(target, {
      get(_, property) {
        if (property === "transact") return transact;
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  counts(): { transactions: number; operations: number; bytes: number } {
    const { transactions, operations, bytes } = this;
    return { transactions, operations, bytes };
  }

  #note(revision: number, operations: readonly Operation[]): void {
    this.revision = Math.max(this.revision, revision);
    this.transactions++;
    this.operations += operations.length;
    for (const each of operations) {
      this.bytes += each.key.length + (each.type === "put" ? each.value.length : 0);
    }
  }
}

export class Changes {
  /** Until the writer knew that it is in the store. */
  committed = new Samples("");
  /** From the begin of the change on. */
  seen = new Samples("");
  #next = 0;

  constructor(
    private readonly written: WrittenStore,
    private readonly cache: Cache,
    private readonly shape: Shape,
    private readonly agents: readonly AgentsProcess[],
  ) {}

  /** Of the last write. */
  get revision(): number {
    return this.written.revision;
  }

  /** Makes and removes endpoints, `count` of them, one after another; their times take the place of those before. */
  async oneByOne(count: number): Promise<void> {
    this.committed = new Samples("the change is in the store");
    this.seen = new Samples("the last agent has computed what it is to be");
    for (let at = 0; at < count; at++) {
      const { context, request } = this.#another();
      await this.#timed((snapshot) => createEndpoint(snapshot, request, context));
      await this.#timed((snapshot) => deleteEndpoint(snapshot, request, context));
    }
  }

  /** Makes `count` endpoints, `parallel` at a time, and returns the milliseconds until all agents have seen all. They stay. */
  async burst(count: number, parallel: number): Promise<number> {
    const begin = Date.now();
    let left = count;
    await Promise.all(Array.from({ length: parallel }, async () => {
      while (left-- > 0) {
        const { context, request } = this.#another();
        await this.#commit((snapshot) => createEndpoint(snapshot, request, context));
      }
    }));
    return await this.lastSeen() - begin;
  }

  /** Makes an endpoint, whoever sees it. */
  async one(): Promise<void> {
    const { context, request } = this.#another();
    await this.#commit((snapshot) => createEndpoint(snapshot, request, context));
  }

  /** When the last agent had seen all that was written here, in milliseconds since the epoch. */
  async lastSeen(): Promise<number> {
    const { revision } = this.written;
    const signal = AbortSignal.timeout(SEEN_DEADLINE_MS);
    return Math.max(...await Promise.all(this.agents.map((each) => each.seen(revision, signal))));
  }

  async #timed(decide: (snapshot: Snapshot) => Plan<unknown>): Promise<void> {
    const begin = Date.now();
    await this.#commit(decide);
    this.committed.add(Date.now() - begin);
    this.seen.add(await this.lastSeen() - begin);
    await realTiming.delay(PAUSE_MS, never);
  }

  async #commit(decide: (snapshot: Snapshot) => Plan<unknown>): Promise<void> {
    const options = { signal: never, domain: "endpoints", ...realTiming };
    await transact(this.written.store, this.cache, decide, options);
  }

  /** The hosts of the cluster in turn. */
  #another(): {
    context: ReturnType<typeof hostContext>;
    request: EndpointRequest & { netID: string };
  } {
    const number = this.#next++;
    const host = number % this.shape.hosts;
    const request = endpointOf(this.shape, host, this.shape.endpoints + number);
    const netID = `${request.network}.${request.tenant}`;
    return { context: hostContext(host), request: { ...request, netID } };
  }
}

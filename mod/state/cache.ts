/**
 * The store's records in memory, always at one revision: a list, then a watch from there on, and the same again whenever the watch
 * is lost. Reads cost no round trip and never see half a transaction. Nothing of it survives the process.
 * @module
 */
import { Bell } from "./bell.ts";
import { StateError } from "./error.ts";
import { TreeSnapshot } from "./fixed_snapshot.ts";
import { ROOT } from "./keys.ts";
import { messageOf } from "./message_of.ts";
import type { Snapshot } from "./snapshot.ts";
import {
  type Compare,
  type KeyValue,
  type ListResult,
  type Revision,
  type Store,
  StoreError,
  type StoreEvent,
} from "./store.ts";
import { backoff, type Timing } from "./timing.ts";
import { Tree } from "./tree.ts";
import { Unreadable } from "./unreadable.ts";

export interface CacheOptions extends Timing {
  /** Which keys to hold; ROOT when absent. */
  readonly prefix?: string;
  /** Ends the watch; the last snapshot stays readable. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch, for `status.since`. */
  readonly now?: () => number;
  /** Called when the store comes, goes, or fails for another kind of reason; not for every try. Must not throw. */
  readonly statusChanged?: (status: CacheStatus) => void;
  /**
   * Called with what a listener threw, and with a StateError "unreadable" for each record that cannot be read. Must not throw. Without it,
   * what a listener threw is an uncaught error.
   */
  readonly failed?: (error: unknown) => void;
}

/** What one step of the cache changed: a revision, or all that a relist found different. */
export interface Change {
  readonly revision: Revision;
  readonly events: readonly StoreEvent[];
  /** The keys of the events. */
  readonly keys: readonly string[];
  /** The snapshot after the change. */
  readonly snapshot: Snapshot;
}

export type CacheStatus =
  | { readonly state: "synced" }
  /** `since`: milliseconds since the epoch, or undefined without a clock. */
  | { readonly state: "disconnected"; readonly reason: string; readonly since: number | undefined };

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
/**
 * How long the watch may lag before a list is worth its cost: writes beside the prefix move the revision, but reach no watch. A list of
 * 100 records takes 1 to 4 ms of processor time, and a watch that lags because the processor is busy would lag the more for it.
 */
const WATCH_GRACE_MS = 50;
const GRACE_A_RECORD_MS = 0.01;

export class Cache {
  #snapshot: TreeSnapshot | undefined;
  #status: CacheStatus;
  #failures = 0;
  /** In the last list. */
  #records = 0;
  /** What `statusChanged` was last told: "synced", or the kind of failure. */
  #told: string | undefined;
  readonly #prefix: string;
  readonly #moved = new Bell();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #unreadable = new Unreadable((error) => this.options.failed?.(error));

  private constructor(readonly store: Store, readonly options: CacheOptions) {
    this.#prefix = options.prefix ?? ROOT;
    this.#status = { state: "disconnected", reason: "no answer yet", since: options.now?.() };
  }

  /** Begins to read the store, and returns at once; the cache is of use when `whenSynced` resolves. */
  static open(store: Store, options: CacheOptions): Cache {
    const cache = new Cache(store, options);
    void cache.#follow();
    return cache;
  }

  /** Resolves when the first snapshot is there, however often the store must be tried; rejects when the signal aborts. */
  static async start(store: Store, options: CacheOptions): Promise<Cache> {
    const cache = Cache.open(store, options);
    await cache.whenSynced(options.signal);
    return cache;
  }

  /** Throws StateError "not-synced" when the store was never read. */
  snapshot(): Snapshot {
    if (this.#snapshot) return this.#snapshot;
    const reason = this.#status.state === "synced" ? "" : `: ${this.#status.reason}`;
    throw new StateError(
      "not-synced",
      `the store ${this.store.description} is not read yet${reason}`,
    );
  }

  /** The snapshot's revision; 0 when there is none yet. */
  get revision(): Revision {
    return this.#snapshot?.revision ?? 0;
  }

  /** Whether there is a snapshot and a watch keeps it current. */
  get synced(): boolean {
    return this.#status.state === "synced";
  }

  get status(): CacheStatus {
    return this.#status;
  }

  /** Records that no snapshot has in the state that the store has them in; a StateError "unreadable" each. */
  get unreadable(): readonly StateError[] {
    return this.#unreadable.errors;
  }

  /** Throws StateError "unreadable" when a plan with these compares can never be committed. */
  refuseUnreadable(compares: readonly Compare[]): void {
    this.#unreadable.refuse(compares);
  }

  /** Resolves at once when synced. Rejects when either signal aborts. */
  async whenSynced(signal: AbortSignal): Promise<void> {
    await this.#until(() => this.synced, signal);
  }

  /** Resolves when the snapshot is at `revision` or later, lost connections included. Rejects when either signal aborts. */
  async waitFor(revision: Revision, signal: AbortSignal): Promise<void> {
    const reached = () => this.revision >= revision;
    if (reached()) return;
    const waited = new AbortController();
    try {
      void this.#catchUp(revision, AbortSignal.any([waited.signal, signal, this.options.signal]));
      await this.#until(reached, signal);
    } finally {
      waited.abort("reached"); // without a reason it would make an exception with its stack, for each commit
    }
  }

  /** Resolves when the snapshot holds all that was committed before the call. */
  async refresh(signal: AbortSignal): Promise<void> {
    const { revision } = await this.store.list(`${ROOT}none/`, { signal });
    await this.waitFor(revision, signal);
  }

  /** Calls `listener` after each change, in order, until the signal aborts. What it throws is reported, and is nobody else's trouble. */
  subscribe(listener: (change: Change) => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    const own = (change: Change) => listener(change);
    this.#listeners.add(own);
    signal.addEventListener("abort", () => this.#listeners.delete(own), { once: true });
  }

  async #until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.options.signal]);
    while (true) {
      either.throwIfAborted();
      if (condition()) return;
      await this.#moved.next(either);
    }
  }

  /** Lists when the watch alone does not get there; a failing list is the follower's to report. */
  async #catchUp(revision: Revision, signal: AbortSignal): Promise<void> {
    const grace = WATCH_GRACE_MS + GRACE_A_RECORD_MS * this.#records;
    for (let attempt = 0;; attempt++) {
      await this.options.delay(Math.min(LONGEST_PAUSE_MS, grace * 2 ** attempt), signal);
      if (signal.aborted) return;
      try {
        const list = await this.store.list(this.#prefix, { signal });
        if (list.revision > this.revision) this.#replace(list);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
      }
      if (this.revision >= revision) return;
    }
  }

  async #follow(): Promise<void> {
    const { signal, random, delay } = this.options;
    while (!signal.aborted) {
      try {
        await this.#listAndWatch(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#disconnected(error);
      }
      await delay(backoff(this.#failures++, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, random()), signal);
    }
  }

  /** Returns only by throwing, or when the signal aborts. */
  async #listAndWatch(signal: AbortSignal): Promise<void> {
    const asked = this.revision;
    const list = await this.store.list(this.#prefix, { signal });
    this.#status = { state: "synced" };
    // While it was on its way, a waiter's list may have come further. A store that is behind what was asked at was put back to a backup.
    const overtaken = asked <= list.revision && list.revision < this.revision;
    if (overtaken) this.#moved.ring();
    else this.#replace(list);
    this.#tell("synced");
    const watched = new AbortController();
    void this.#calm(AbortSignal.any([watched.signal, signal]));
    try {
      for await (const batch of this.store.watch(this.#prefix, list.revision + 1, signal)) {
        if (batch.revision > this.revision) this.#advance(batch.revision, batch.events);
      }
    } finally {
      watched.abort();
    }
    if (!signal.aborted) throw new StoreError("unavailable", "the watch ended");
  }

  /** A watch that held for as long as the longest pause is not one failure more: the next one is tried again soon. */
  async #calm(over: AbortSignal): Promise<void> {
    await this.options.delay(LONGEST_PAUSE_MS, over);
    if (!over.aborted) this.#failures = 0;
  }

  #disconnected(error: unknown): void {
    const since = this.#status.state === "disconnected" ? this.#status.since : this.options.now?.();
    this.#status = { state: "disconnected", reason: messageOf(error), since };
    const kind = error instanceof StoreError ? kindOf(error) : "error";
    // A history that was cut is read again at once: nothing is away.
    if (kind !== "compacted") this.#tell(kind);
  }

  #tell(what: string): void {
    if (what === this.#told) return;
    this.#told = what;
    this.options.statusChanged?.(this.#status);
  }

  #replace({ items, revision }: ListResult): void {
    this.#records = items.length;
    this.#unreadable.listed(items);
    this.#advance(revision, difference(this.#snapshot?.tree ?? Tree.EMPTY, items, revision));
  }

  #advance(revision: Revision, received: readonly StoreEvent[]): void {
    const events = this.#unreadable.sift(received);
    const tree = this.#snapshot?.tree ?? Tree.EMPTY;
    const snapshot = new TreeSnapshot(events.length > 0 ? tree.with(events) : tree, revision);
    this.#snapshot = snapshot;
    this.#moved.ring();
    if (events.length === 0) return;
    const keys = events.map((event) => event.type === "put" ? event.item.key : event.key);
    for (const listener of [...this.#listeners]) {
      try {
        listener({ revision, events, keys, snapshot });
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  #failed(error: unknown): void {
    const { failed } = this.options;
    if (failed) return failed(error);
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** A call that is too slow and one that is refused are the same trouble to a person. */
function kindOf({ code }: StoreError): string {
  return code === "timeout" ? "unavailable" : code;
}

/** The puts and deletes that lead from the tree to the list; unchanged records stay the objects they are. */
function difference(tree: Tree, items: readonly KeyValue[], revision: Revision): StoreEvent[] {
  const listed = new Set(items.map((item) => item.key));
  const deleted = tree.list("").filter((item) => !listed.has(item.key));
  const changed = items.filter((item) => !same(item, tree.get(item.key)));
  return [
    ...deleted.map(({ key }): StoreEvent => ({ type: "delete", key, revision })),
    ...changed.map((item): StoreEvent => ({ type: "put", item, revision })),
  ];
}

/** The value is compared too: in a store restored from a backup a revision may come a second time. */
function same(a: KeyValue, b: KeyValue | undefined): boolean {
  return b !== undefined && a.modRevision === b.modRevision &&
    a.createRevision === b.createRevision && a.value === b.value && a.lease === b.lease;
}

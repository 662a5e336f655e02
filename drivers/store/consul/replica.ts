/**
 * All records of the store in this process, at one revision of the log: loaded once, then brought forward by the log's entries. It is
 * never ahead of Consul; `sync` makes it hold all that was committed before the call.
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { Bell } from "../../../mod/state/bell.ts";
import { effects } from "../../../mod/state/evaluate.ts";
import {
  type Operation,
  type Revision,
  StoreError,
  type WatchBatch,
} from "../../../mod/state/store.ts";
import { Tree } from "../../../mod/state/tree.ts";
import type { ConsulApi } from "./consul_api.ts";
import type { Entry } from "./log_format.ts";
import { type PlacedHead, readEntries, readHead, readRecords } from "./log_reader.ts";

interface Kept {
  readonly id: string;
  readonly batch: WatchBatch;
}

/** Revisions that watchers in this process may lag behind. */
const KEPT = 2_000;
/** Entries read in one round trip. */
const STRIDE = 60;

export class Replica {
  tree = Tree.EMPTY;
  /** 0 until the first load. */
  revision: Revision = 0;
  /** Of the revision's log entry. */
  #id = "";
  /** Undefined, or of another revision than the replica: sync before a commit. */
  head: PlacedHead | undefined;
  /** What the present revision did; needed only as long as its records are not all written. */
  operations: readonly Operation[] = [];
  /** Moves when a load broke the chain of revisions: who watches has to begin anew. */
  generation = 0;
  /** Rings when the revision moves, and when a watcher has to end. */
  readonly bell = new Bell();
  /** Contiguous; the last one is the present revision's. */
  #history: Kept[] = [];
  #oldest: Revision = 1;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(private readonly api: ConsulApi, private readonly logger: Logger | undefined) {}

  /** Callers share round trips, but never one that began before their call. */
  sync(): Promise<void> {
    if (!this.#running) {
      return this.#running = this.#synchronize().finally(() => this.#running = undefined);
    }
    return this.#next ??= this.#running.catch(() => {}).then(() => {
      this.#next = undefined;
      return this.sync();
    });
  }

  /** Takes in a head that was read; older ones do no harm. */
  async advance(head: PlacedHead): Promise<void> {
    while (this.revision < head.revision) {
      const from = this.revision + 1;
      const to = Math.min(head.revision, from + STRIDE - 1);
      const entries = await readEntries(this.api, from, to);
      if (!entries) return await this.#load();
      for (const [i, entry] of entries.entries()) {
        if (from + i === this.revision + 1 && entry.previous !== this.#id) {
          return await this.#load();
        }
        this.apply(from + i, entry);
      }
    }
    if (this.revision === head.revision && this.#id !== head.id) return await this.#load();
    this.#place(head);
  }

  /** The entry of the next revision, or of one that is known already. `head`: as it stands after the entry's own commit. */
  apply(revision: Revision, entry: Entry, head?: PlacedHead): void {
    if (revision === this.revision + 1) {
      const events = effects(entry.operations, this.tree, revision);
      this.tree = this.tree.with(events);
      this.revision = revision;
      this.#id = entry.id;
      this.operations = entry.operations;
      this.#history.push({ id: entry.id, batch: { revision, events } });
      if (this.#history.length > 2 * KEPT) this.forget(revision - KEPT);
      this.bell.ring();
    }
    if (head) this.#place(head);
  }

  /** The revision that the entry made, if it is among the known ones. */
  revisionOf(id: string, from: Revision): Revision | undefined {
    return this.#from(from).find((kept) => kept.id === id)?.batch.revision;
  }

  /** What happened from `from` on. Throws StoreError "compacted" when that is not known any more. */
  history(from: Revision): WatchBatch[] {
    if (from < this.#oldest) {
      throw new StoreError("compacted", `revision ${from} is compacted; ${this.#oldest} is kept`);
    }
    return this.#from(from).map((kept) => kept.batch);
  }

  /** Forgets what was before `revision`. */
  forget(revision: Revision): void {
    if (revision <= this.#oldest) return;
    this.#oldest = revision;
    this.#history = this.#from(revision);
    this.bell.ring();
  }

  #from(revision: Revision): Kept[] {
    const first = this.revision + 1 - this.#history.length;
    return this.#history.slice(Math.max(0, revision - first));
  }

  #place(head: PlacedHead): void {
    if (head.revision !== this.revision) return;
    if (this.head?.revision === head.revision && this.head.index > head.index) return;
    this.head = head;
  }

  async #synchronize(): Promise<void> {
    const known = this.revision;
    const head = known === 0 ? undefined : await readHead(this.api);
    if (!head || head.revision < known) return await this.#load();
    await this.advance(head);
  }

  async #load(): Promise<void> {
    const loaded = await readRecords(this.api);
    for (const key of loaded.foreign) {
      this.logger?.warn("the key {key} in Consul was not written by Contiv, and is left alone", {
        key,
      });
    }
    this.tree = loaded.tree;
    this.revision = loaded.head.revision;
    this.#id = loaded.head.id;
    this.head = loaded.head;
    this.operations = loaded.operations;
    this.#history = [];
    this.#oldest = this.revision + 1;
    this.generation++;
    this.bell.ring();
  }
}

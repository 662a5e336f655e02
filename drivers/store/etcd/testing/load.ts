/**
 * Users who write, read and watch through stores of their own without a pause, and afterwards know what must be there.
 * @module
 */
import assert from "node:assert/strict";
import { waitFor } from "../../../../tests/lab/wait.ts";
import { put } from "../../../../mod/state/plan.ts";
import { type Store, StoreError } from "../../../../mod/state/store.ts";

interface User {
  readonly store: Store;
  readonly name: string;
  lastWrite: number;
  lastRead: number;
  lastNews: number;
  /** Keys that the watch has shown, in order. */
  readonly seen: string[];
  watch: Promise<void>;
}

export class Load {
  readonly #root = `/contiv.io/load/${crypto.randomUUID()}/`;
  readonly #stop = new AbortController();
  readonly #watches = new AbortController();
  readonly #acknowledged = new Set<string>();
  readonly #unknown = new Set<string>();
  readonly #users: User[];
  #loops: Promise<void>[] = [];
  #writeGap = 0;
  #readGap = 0;

  constructor(stores: readonly Store[]) {
    this.#users = stores.map((store, i) => ({
      store,
      name: `u${i}`,
      lastWrite: 0,
      lastRead: 0,
      lastNews: 0,
      seen: [],
      watch: Promise.resolve(),
    }));
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  get unknown(): number {
    return this.#unknown.size;
  }

  /** Milliseconds, of the user who waited longest between two successes. */
  get longestGaps(): { readonly write: number; readonly read: number } {
    return { write: Math.round(this.#writeGap), read: Math.round(this.#readGap) };
  }

  async start(): Promise<void> {
    const [first] = this.#users;
    assert.ok(first);
    const { revision } = await first.store.list(this.#root);
    for (const user of this.#users) {
      user.lastWrite = user.lastRead = performance.now();
      user.watch = this.#watch(user, revision + 1);
      this.#loops.push(this.#write(user), this.#read(user));
    }
  }

  /** Resolves when each user has written, read and seen something that was written from now on. */
  async everybodyGoesOn(deadline: number): Promise<void> {
    const from = performance.now();
    await waitFor(
      "every user to go on",
      () =>
        this.#users.every((user) =>
          user.lastWrite > from + 100 && user.lastRead > from + 100 && user.lastNews > from + 100
        ),
      deadline,
    );
  }

  async finish(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#loops);
  }

  /** Every acknowledged write is there once, every other at most once, and each watch has shown exactly these. */
  async check(): Promise<void> {
    const [first] = this.#users;
    assert.ok(first);
    const end = `${this.#root}end`;
    await first.store.transact([], [put(end, 1)]);
    await waitFor("the watches to end", () => this.#users.every(({ seen }) => seen.includes(end)));
    this.#watches.abort();
    await Promise.all(this.#users.map(({ watch }) => watch));
    const { items } = await first.store.list(this.#root);
    const there = new Set(items.map(({ key }) => key));
    for (const key of this.#acknowledged) assert.ok(there.has(key), `lost: ${key}`);
    for (const { key, version } of items) {
      assert.equal(version, 1, `doubled: ${key}`);
      assert.ok(this.#acknowledged.has(key) || this.#unknown.has(key) || key === end, key);
    }
    const order = [...items].sort((a, b) => a.modRevision - b.modRevision).map(({ key }) => key);
    for (const { seen } of this.#users) assert.deepEqual(seen, order);
  }

  async #write(user: User): Promise<void> {
    for (let i = 0; !this.#stop.signal.aborted; i++) {
      const key = `${this.#root}${user.name}/${i}`;
      try {
        // Without a compare: a request that is sent twice would show as version 2.
        await user.store.transact([], [put(key, i)]);
        this.#acknowledged.add(key);
        this.#writeGap = Math.max(this.#writeGap, performance.now() - user.lastWrite);
        user.lastWrite = performance.now();
      } catch (error) {
        assert.ok(
          error instanceof StoreError && /unavailable|timeout/.test(error.code),
          `${error}`,
        );
        this.#unknown.add(key);
      }
    }
  }

  async #read(user: User): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await user.store.get(`${this.#root}${user.name}/0`);
      this.#readGap = Math.max(this.#readGap, performance.now() - user.lastRead);
      user.lastRead = performance.now();
    }
  }

  async #watch(user: User, from: number): Promise<void> {
    for await (const { events } of user.store.watch(this.#root, from, this.#watches.signal)) {
      user.lastNews = performance.now();
      for (const event of events) user.seen.push(event.type === "put" ? event.item.key : "deleted");
    }
  }
}

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "../../../mod/state/store.ts";
import { type CommitSteps, GroupCommit } from "./group_commit.ts";
import { Patience } from "./patience.ts";

interface Parts {
  readonly writes: GroupCommit;
  /** What happened, in order. */
  readonly events: string[];
  /** Writes, and says when it was resolved or rejected. */
  write(name: string): Promise<void>;
  /** The names in the file, in order, as another process sees them. */
  written(): string[];
}

async function withWrites(steps: Partial<CommitSteps>, body: (parts: Parts) => Promise<void>) {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "file.db");
  const [database, other] = [new DatabaseSync(path), new DatabaseSync(path)];
  try {
    database.exec("PRAGMA journal_mode = WAL; CREATE TABLE name (name TEXT)");
    const insert = database.prepare("INSERT INTO name VALUES (?)");
    const events: string[] = [];
    const writes = new GroupCommit(database, {
      ready: () => Promise.resolve(),
      beforeCommit: () => {},
      sync: () => Promise.resolve(),
      onCommit: () => void events.push("told"),
      asError: (error) => error,
      ...steps,
    });
    const write = (name: string): Promise<void> =>
      writes.submit(() => void insert.run(name), new Patience("write")).then(
        () => void events.push(`${name} resolved`),
        (error) => void events.push(`${name} rejected: ${error.message}`),
      );
    const select = other.prepare("SELECT name FROM name ORDER BY rowid");
    const written = () => select.all().map(({ name }) => String(name));
    await body({ writes, events, write, written });
    await writes.idle();
  } finally {
    other.close();
    database.close();
    await Deno.remove(directory, { recursive: true });
  }
}

/** Syncs that last until they are ended from outside. */
class Syncs {
  readonly #begun: (() => void)[] = [];
  #waiting = Promise.withResolvers<void>();
  count = 0;

  sync(): Promise<void> {
    this.count++;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#begun.push(resolve);
    this.#waiting.resolve();
    return promise;
  }

  async next(): Promise<() => void> {
    await this.#waiting.promise;
    this.#waiting = Promise.withResolvers();
    return this.#begun.shift() ?? (() => {});
  }
}

Deno.test("group commit resolves a write, and tells of it, only after its sync", () => {
  const syncs = new Syncs();
  return withWrites({ sync: () => syncs.sync() }, async ({ events, write, written }) => {
    const first = write("a");
    const end = await syncs.next();
    assert.deepEqual(written(), ["a"], "it is committed");
    assert.equal(events.length, 0);
    events.push("synced");
    end();
    await first;
    assert.deepEqual(events.toSorted(), ["a resolved", "synced", "told"]);
    assert.equal(events[0], "synced");
  });
});

Deno.test("group commit commits together, with one sync, what is submitted while it syncs", () => {
  const syncs = new Syncs();
  return withWrites({ sync: () => syncs.sync() }, async ({ events, write, written }) => {
    const first = write("a");
    const endFirst = await syncs.next();
    const later = ["b", "c", "d"].map(write);
    assert.deepEqual(written(), ["a"]);
    endFirst();
    await first;
    const endSecond = await syncs.next();
    assert.deepEqual(written(), ["a", "b", "c", "d"]);
    assert.ok(!events.includes("b resolved"));
    endSecond();
    await Promise.all(later);
    assert.equal(syncs.count, 2);
  });
});

Deno.test("group commit rejects the writes whose sync failed with its error, wakes those who watch, and takes others", () => {
  const failures = [new StoreError("unavailable", "it may have been applied")];
  const sync = () => {
    const failure = failures.pop();
    return failure ? Promise.reject(failure) : Promise.resolve();
  };
  return withWrites({ sync }, async ({ events, write, written }) => {
    await Promise.all([write("a"), write("b")]);
    await write("c");
    assert.deepEqual(written(), ["a", "b", "c"]);
    const rejected = "rejected: it may have been applied";
    assert.deepEqual(events.filter((event) => event !== "told"), [
      ...[`a ${rejected}`, `b ${rejected}`, "c resolved"],
    ]);
    assert.equal(events.filter((event) => event === "told").length, 2);
  });
});

Deno.test("group commit writes nothing while an earlier failure is not made good", () => {
  const failures = [new StoreError("unavailable", "the disk fails")];
  const ready = () => {
    const failure = failures.pop();
    return failure ? Promise.reject(failure) : Promise.resolve();
  };
  return withWrites({ ready }, async ({ events, write, written }) => {
    await write("a");
    assert.deepEqual(written(), []);
    assert.deepEqual(events, ["a rejected: the disk fails"]);
    await write("b");
    assert.deepEqual(written(), ["b"]);
  });
});

Deno.test("group commit commits none of its writes when the commit itself fails, and takes others", () => {
  const failures = [new StoreError("unavailable", "the file is gone")];
  const beforeCommit = () => {
    const failure = failures.pop();
    if (failure) throw failure;
  };
  return withWrites({ beforeCommit }, async ({ events, write, written }) => {
    await Promise.all([write("a"), write("b")]);
    assert.deepEqual(written(), []);
    assert.deepEqual(events, ["a rejected: the file is gone", "b rejected: the file is gone"]);
    await write("c");
    assert.deepEqual(written(), ["c"]);
  });
});

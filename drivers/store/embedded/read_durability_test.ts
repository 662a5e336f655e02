import assert from "node:assert/strict";
import { join } from "node:path";
import { put } from "../../../mod/state/plan.ts";
import { type Store, StoreError } from "../../../mod/state/store.ts";
import { openEmbeddedStore } from "./embedded_store.ts";
import { HeldLog } from "./held_log.ts";

/** A store that writes, and another one of the same file with a log whose syncs can be held. */
async function withTwo(
  body: (parts: { writer: Store; store: Store; log: HeldLog }) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "contiv.db");
  const writer = await openEmbeddedStore({ path });
  const logs: HeldLog[] = [];
  const openLog = async (walPath: string) => {
    const log = await HeldLog.open(walPath);
    logs.push(log);
    return log;
  };
  const store = await openEmbeddedStore({ path, openLog });
  try {
    const [log] = logs;
    assert.ok(log);
    await body({ writer, store, log });
  } finally {
    await store.close();
    await writer.close();
    await Deno.remove(directory, { recursive: true });
  }
}

for (const who of ["itself", "another process"] as const) {
  Deno.test(`embedded store shows a change by ${who} to nobody before it is on the disk`, () =>
    withTwo(async ({ writer, store, log }) => {
      const { revision } = await store.list("");
      const events: string[] = [];
      const said = (event: string) => () => void events.push(event);
      const held = Promise.withResolvers<void>();
      log.held = held.promise;
      const begun = log.next;

      const watch = store.watch("/", revision + 1, new AbortController().signal);
      const watched = watch[Symbol.asyncIterator]().next().then(said("watched"));
      const author = who === "itself" ? store : writer;
      const written = author.transact([], [put("/a", 1)]);
      if (who === "another process") await written;
      else await begun;
      const got = store.get("/a").then(said("got"));
      const listed = store.list("").then(said("listed"));
      await writer.list(""); // time enough for one that does not wait
      events.push("synced");
      held.resolve();
      await Promise.all([written, watched, got, listed]);
      assert.equal(events[0], "synced");
      assert.equal(events.length, 4);
    }));
}

Deno.test("embedded store answers from what it has synced without syncing again", () =>
  withTwo(async ({ store, log }) => {
    await store.transact([], [put("/a", 1)]);
    const { length } = log.calls;
    await Promise.all([store.list(""), store.get("/a"), store.health()]);
    assert.equal(log.calls.length, length);
  }));

Deno.test("embedded store does not confirm, to who tries again, a change that is not on the disk", () =>
  withTwo(async ({ store, log }) => {
    log.failures = 3;
    const unknown = (error: unknown) =>
      error instanceof StoreError && error.code === "unavailable" &&
      /may have been applied/.test(error.message);
    await assert.rejects(store.transact([], [put("/a", 1)]), unknown);
    await assert.rejects(store.get("/a"), unknown);
    assert.equal((await store.get("/a"))?.value, "1");
    assert.equal(log.calls.at(-1), "synced");
  }));

Deno.test("embedded store gives up on a disk that does not answer when its caller does", () =>
  withTwo(async ({ store, log }) => {
    const held = Promise.withResolvers<void>();
    log.held = held.promise;
    const begun = log.next;
    const abort = new AbortController();
    const outcomes = Promise.allSettled([
      store.transact([], [put("/a", 1)], { signal: abort.signal }),
      begun.then(() => store.get("/a", { signal: abort.signal })),
    ]);
    await begun;
    abort.abort();
    for (const outcome of await outcomes) {
      assert.ok(outcome.status === "rejected" && outcome.reason instanceof StoreError);
      assert.equal(outcome.reason.code, "timeout");
    }
    held.resolve();
    assert.equal((await store.get("/a"))?.value, "1");
  }));

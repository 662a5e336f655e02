import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import { StoreError } from "../../../mod/state/store.ts";
import { Durability } from "./durability.ts";
import { HeldLog } from "./held_log.ts";
import { openDatabase } from "./open_database.ts";

interface Parts {
  readonly database: DatabaseSync;
  readonly path: string;
  readonly log: HeldLog;
  readonly durability: Durability;
}

async function withDurability(body: (parts: Parts) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "contiv.db");
  const database = await openDatabase(path);
  try {
    const log = await HeldLog.open(`${path}-wal`);
    const durability = await Durability.open(database, path, () => Promise.resolve(log));
    grant(database);
    try {
      await body({ database, path, log, durability });
    } finally {
      await durability.close();
    }
  } finally {
    database.close();
    await Deno.remove(directory, { recursive: true });
  }
}

/** Writes to the log. */
function grant(database: DatabaseSync): void {
  database.exec("INSERT INTO lease (ttl, boot, expires) VALUES (1, 'boot', 1)");
}

/** Long enough for a sync that fails at once. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

const uncertain = (error: unknown): boolean =>
  error instanceof StoreError && error.code === "unavailable" &&
  /may have been applied/.test(error.message) && error.cause instanceof Error;

Deno.test("durability writes the whole log again, unchanged, before it believes a sync that follows a failed one", () =>
  withDurability(async ({ path, log, durability }) => {
    const before = await Deno.readFile(`${path}-wal`);
    log.failures = 1;
    await durability.sync(1);
    assert.deepEqual(log.calls, ["sync failed", `wrote ${before.length}`, "synced"]);
    assert.deepEqual(await Deno.readFile(`${path}-wal`), before);
    await durability.sync(2);
    assert.deepEqual(log.calls.slice(3), ["synced"]);
  }));

Deno.test("durability says that the outcome is unknown when the log cannot be synced, and makes it good before the next commit", () =>
  withDurability(async ({ database, path, log, durability }) => {
    const { length } = await Deno.readFile(`${path}-wal`);
    log.failures = 3;
    await assert.rejects(durability.sync(1), uncertain);
    await assert.rejects(durability.restore(), uncertain);
    await durability.restore();
    assert.deepEqual(log.calls, [
      ...["sync failed", `wrote ${length}`, "sync failed"],
      ...[`wrote ${length}`, "sync failed"],
      ...[`wrote ${length}`, "synced"],
    ]);
    await durability.restore();
    assert.equal(log.calls.length, 7, "there was nothing left to make good");
    assert.equal(database.isTransaction, false);
  }));

Deno.test("durability makes a failed sync good before the log is closed, and with it checkpointed", async () => {
  let calls: readonly string[] = [];
  await withDurability(async ({ log, durability }) => {
    ({ calls } = log);
    log.failures = 2;
    await assert.rejects(durability.sync(1), uncertain);
    assert.equal(calls.at(-1), "sync failed");
  });
  assert.equal(calls.at(-1), "synced");
});

Deno.test("durability makes a failed sync good while another process reads, and after one that writes", () =>
  withDurability(async ({ path, log, durability }) => {
    const other = new DatabaseSync(path);
    try {
      other.exec("BEGIN; SELECT * FROM lease");
      log.failures = 1;
      await durability.sync(1);

      other.exec("COMMIT; BEGIN IMMEDIATE");
      log.failures = 1;
      log.calls.length = 0;
      const sync = durability.sync(2).then(() => log.calls.push("resolved"));
      await turn();
      grant(other);
      log.calls.push("committed");
      other.exec("COMMIT");
      await sync;
      const { length } = await Deno.readFile(`${path}-wal`);
      assert.deepEqual(log.calls, [
        ...["sync failed", "committed", `wrote ${length}`, "synced", "resolved"],
      ]);
    } finally {
      other.close();
    }
  }));

Deno.test("durability runs one sync at a time, so that the one after a failure does not take the log for whole", () =>
  withDurability(async ({ path, log, durability }) => {
    const { length } = await Deno.readFile(`${path}-wal`);
    log.failures = 2;
    const outcomes = await Promise.allSettled([durability.sync(1), durability.sync(2)]);
    assert.deepEqual(outcomes.map((each) => each.status), ["rejected", "fulfilled"]);
    assert.deepEqual(log.calls, [
      ...["sync failed", `wrote ${length}`, "sync failed", `wrote ${length}`, "synced"],
    ]);
  }));

Deno.test("durability syncs for a reader only what nobody has synced or is about to", () =>
  withDurability(async ({ log, durability }) => {
    await durability.reach(3);
    await durability.reach(2);
    assert.deepEqual(log.calls, ["synced"]);
    await Promise.all([durability.sync(5), durability.reach(4), durability.reach(5)]);
    assert.deepEqual(log.calls, ["synced", "synced"]);
    log.failures = 2;
    const lost = [durability.sync(6), durability.reach(6)].map((each) =>
      assert.rejects(each, uncertain)
    );
    await Promise.all(lost);
    await durability.reach(6);
    assert.equal(log.calls.at(-1), "synced");
  }));

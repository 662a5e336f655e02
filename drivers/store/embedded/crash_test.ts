import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { WatchBatch } from "../../../mod/state/store.ts";
import { openEmbeddedStore } from "./embedded_store.ts";

const ROUNDS = 4;
const CHILDREN = 2;

Deno.test("embedded store loses and repeats nothing when its processes are killed in a storm of writes", async () => {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "contiv.db");
  try {
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round++) {
      const storms = Array.from({ length: CHILDREN }, (_, i) => storm(path, `${round}-${i}`));
      for (const lines of await Promise.all(storms)) {
        for (const [revision, key] of lines) acknowledged.set(key, revision);
      }
    }
    assert.ok(acknowledged.size > 50, `only ${acknowledged.size} writes were acknowledged`);
    await verify(path, acknowledged);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** Runs one child until it has acknowledged a random number of writes, kills it, and returns all that it acknowledged. */
async function storm(path: string, name: string): Promise<[revision: number, key: string][]> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      new URL("./storm_child.ts", import.meta.url).pathname,
      path,
      name,
    ],
    stdout: "piped",
  }).spawn();
  const enough = 1 + Math.random() * 4_000;
  let output = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += text;
    if (output.length > enough) kill(child);
  }
  await child.status;
  return output.split("\n").slice(0, -1).map((line) => {
    const [revision, key = ""] = line.split(" ");
    return [Number(revision), key];
  });
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it is dead already
  }
}

async function verify(path: string, acknowledged: Map<string, number>): Promise<void> {
  const store = await openEmbeddedStore({ path });
  try {
    const { items, revision } = await store.list("/storm/");
    const found = new Map(items.map((item) => [item.key, item.modRevision]));
    for (const [key, at] of acknowledged) assert.equal(found.get(key), at, key);
    assert.equal(
      await store.get("/storm/counter").then((item) => Number(item?.value)),
      items.length - 1,
    );

    const history: WatchBatch[] = [];
    const abort = new AbortController();
    for await (const batch of store.watch("", 2, abort.signal)) {
      history.push(batch);
      if (batch.revision === revision) abort.abort();
    }
    assert.deepEqual(history.map((batch) => batch.revision), history.map((_, i) => i + 2));
    assert.ok(history.every((batch) => batch.events.length === 2), "a transaction was split");
  } finally {
    await store.close();
  }
  const database = new DatabaseSync(path);
  assert.deepEqual({ ...database.prepare("PRAGMA integrity_check").get() }, {
    integrity_check: "ok",
  });
  database.close();
}

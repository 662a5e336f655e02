/** Needs root: mounts a file system of one megabyte. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { put } from "../../../mod/state/plan.ts";
import { StoreError } from "../../../mod/state/store.ts";
import { openEmbeddedStore } from "./embedded_store.ts";

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args }).output();
  assert.ok(success, `${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

Deno.test("embedded store says that the disk is full, writes nothing half, and goes on when there is space", async () => {
  const directory = await Deno.makeTempDir();
  await run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory);
  try {
    const ballast = join(directory, "ballast");
    await Deno.writeFile(ballast, new Uint8Array(400_000));
    const store = await openEmbeddedStore({ path: join(directory, "contiv.db") });
    const written: string[] = [];
    const failure = await (async () => {
      for (let i = 0; i < 1_000; i++) {
        await store.transact([], [put(`/${i}/a`, "x".repeat(5_000)), put(`/${i}/b`, i)]);
        written.push(`/${i}/a`, `/${i}/b`);
      }
    })().catch((error) => error);
    assert.ok(failure instanceof StoreError && failure.code === "unavailable", String(failure));
    assert.match(failure.message, /disk is full.*free some space|disk I\/O error/);
    const keys = async () => (await store.list("")).items.map((item) => item.key);
    assert.deepEqual((await keys()).toSorted(), written.toSorted());
    await Deno.remove(ballast);
    assert.ok((await store.transact([], [put("/after", "x".repeat(5_000))])).succeeded);
    await store.close();
  } finally {
    await run("umount", directory);
    await Deno.remove(directory);
  }
});

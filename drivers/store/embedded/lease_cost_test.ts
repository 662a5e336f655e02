import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openEmbeddedStore } from "./embedded_store.ts";

Deno.test("embedded store writes neither history nor a revision when a lease is renewed", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/state.db`;
  const store = await openEmbeddedStore({ path });
  using reader = new DatabaseSync(path, { readOnly: true });
  const logged = () => reader.prepare("SELECT count(*) AS entries FROM log").get()?.entries;
  try {
    const lease = await store.grantLease(60_000);
    await store.transact([], [{ type: "put", key: "/service", value: "1", lease }]);
    const before = [(await store.list("")).revision, logged()];
    for (let renewal = 0; renewal < 20; renewal++) await store.renewLease(lease);
    assert.deepEqual([(await store.list("")).revision, logged()], before);
  } finally {
    await store.close();
    await Deno.remove(directory, { recursive: true });
  }
});

/**
 * One of the processes of the crash test: writes and counts as fast as it can, and says what was acknowledged, until it is killed.
 * @module
 */
import { openEmbeddedStore } from "./embedded_store.ts";

const [path = "", name = ""] = Deno.args;
const store = await openEmbeddedStore({ path });
const encoder = new TextEncoder();

async function writer(lane: number): Promise<never> {
  for (let i = 0;; i++) {
    const key = `/storm/${name}/${lane}/${i}`;
    const counter = await store.get("/storm/counter");
    const { succeeded, revision } = await store.transact(
      [{ key: "/storm/counter", modRevision: counter?.modRevision ?? 0 }],
      [
        { type: "put", key: "/storm/counter", value: String(Number(counter?.value ?? 0) + 1) },
        { type: "put", key, value: "x".repeat(100 * lane) },
      ],
    );
    // In one system call, so that a kill leaves a whole line or nothing.
    if (succeeded) Deno.stdout.writeSync(encoder.encode(`${revision} ${key}\n`));
  }
}

await Promise.all([1, 2, 3].map(writer));

import assert from "node:assert/strict";
import { startConsul } from "../../../tests/lab/consul.ts";
import { openConsulStore } from "./consul_store.ts";

const RECORDS = 60_032;
const TOGETHER = 128;
const COMMITS = 200;

/** Milliseconds. */
async function timed(body: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await body();
  return performance.now() - started;
}

Deno.test("consul store holds the records of a large cluster, and a new process reads them in one go", async () => {
  const cluster = await startConsul();
  const { endpoints } = cluster;
  const [first, second] = [
    await openConsulStore({ endpoints }),
    await openConsulStore({ endpoints }),
  ];
  const root = "/contiv.io/load/";
  const put = (name: string | number) => ({
    type: "put" as const,
    key: root + name,
    value: JSON.stringify({ owner: "x".repeat(120) }),
  });
  try {
    for (let i = 0; i < RECORDS; i += TOGETHER) {
      await first.transact([], Array.from({ length: TOGETHER }, (_, j) => put(i + j)));
    }
    const commits = await timed(async () => {
      for (let i = 0; i < COMMITS; i++) await first.transact([], [put("small")]);
    });
    const reads = await timed(async () => {
      for (let i = 0; i < COMMITS; i++) await first.get(`${root}small`);
    });
    const load = await timed(async () => {
      assert.equal((await second.list(root)).items.length, RECORDS + 1);
    });
    console.log(
      `${RECORDS} records read in ${Math.round(load)} ms; a commit took ` +
        `${(commits / COMMITS).toFixed(1)} ms, a read ${(reads / COMMITS).toFixed(1)} ms`,
    );
  } finally {
    await first.close();
    await second.close();
    await cluster.close();
  }
});

import assert from "node:assert/strict";
import { Lab } from "../lab/lab.ts";
import { runInHost } from "./agent_in_process.ts";
import type { Cost } from "./endpoint_cost.ts";

/** Addresses and port numbers of the hundredth endpoint have more digits than the first's. */
const MORE_DIGITS = 40;

Deno.test("the hundredth endpoint costs as many store operations, flows and links as the first", async () => {
  await using lab = await Lab.create({ name: "cost" });
  const host = await lab.host("a");
  await host.startOvs();
  const script = new URL("./endpoint_cost.ts", import.meta.url).pathname;
  const output = await runInHost(host, script, `${host.directory}/contiv.db`, "100");
  const costs: Cost[] = JSON.parse(output);
  const [first] = costs;
  assert.ok(first);
  assert.equal(costs.length, 100);
  const aggregate = await host.must(["ovs-ofctl", "dump-aggregate", "contiv0"]);
  console.log(JSON.stringify(first), aggregate.trim());
  // Creating is one transaction, joining another; nothing is read from the store, which the cache follows.
  assert.equal(first.store.transact, 2);
  assert.equal(first.store.list, undefined);
  assert.equal(first.flowChanges, first.flows);
  assert.equal(first.links, 1);
  const { bytes: bytesOfFirst, ...costOfFirst }: Cost = first;
  for (const [at, { bytes, ...cost }] of costs.entries()) {
    assert.deepEqual(cost, costOfFirst, `endpoint ${at + 1}`);
    assert.ok(bytes - bytesOfFirst <= MORE_DIGITS, `endpoint ${at + 1}: ${bytes} bytes`);
  }
});

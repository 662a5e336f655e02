import { deepEqual, equal } from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import type { PortStatus } from "./codec.ts";
import { PortStatusFeed } from "./port_status_feed.ts";

function feed() {
  const told: string[] = [];
  const barriers: PromiseWithResolvers<void>[] = [];
  const ask = () => {
    const barrier = Promise.withResolvers<void>();
    barriers.push(barrier);
    return barrier.promise;
  };
  const made = new PortStatusFeed(ask, ({ reason, name }) => void told.push(`${reason} ${name}`));
  const hear = (reason: PortStatus["reason"], ...names: string[]) =>
    names.forEach((name) => made.hear({ reason, name, number: 1, up: true }));
  return { told, barriers, hear };
}

Deno.test("port status feed tells what it heard when the barrier that followed is answered", async () => {
  const { told, barriers, hear } = feed();
  hear("add", "v1", "v2");
  await turn();
  deepEqual([told, barriers.length], [[], 1]);
  hear("add", "v3");
  await turn();
  barriers[0]?.resolve();
  await turn();
  deepEqual([told, barriers.length], [["add v1", "add v2"], 2]);
  barriers[1]?.resolve();
  await turn();
  deepEqual(told, ["add v1", "add v2", "add v3"]);
  equal(barriers.length, 2);
});

Deno.test("port status feed does not tell of a port that went while the barrier was under way", async () => {
  const { told, barriers, hear } = feed();
  hear("add", "v1");
  await turn();
  hear("delete", "v1");
  barriers[0]?.resolve();
  await turn();
  barriers[1]?.resolve();
  await turn();
  deepEqual(told, ["delete v1"]);
});

Deno.test("port status feed forgets what it heard when the connection ends", async () => {
  const { told, barriers, hear } = feed();
  hear("add", "v1");
  await turn();
  hear("add", "v2");
  barriers[0]?.reject(new Error("the connection was closed"));
  await turn();
  deepEqual([told, barriers.length], [[], 1]);
});

import assert from "node:assert/strict";
import { KeyedWork } from "./keyed_work.ts";

Deno.test("KeyedWork serves requests made during a run by one later run", async () => {
  const releases: (() => void)[] = [];
  const runs: string[] = [];
  const work = new KeyedWork((key) => {
    runs.push(key);
    return new Promise((resolve) => releases.push(resolve));
  });
  const first = work.request("a");
  const second = work.request("a");
  const third = work.request("a");
  assert.deepEqual(runs, ["a"]);
  releases.shift()?.();
  await first;
  await Promise.resolve();
  assert.deepEqual(runs, ["a", "a"]);
  releases.shift()?.();
  await Promise.all([second, third]);
  await work.idle();
  assert.deepEqual(runs, ["a", "a"]);
});

Deno.test("KeyedWork runs different keys side by side", () => {
  const runs: string[] = [];
  const work = new KeyedWork((key) => {
    runs.push(key);
    return new Promise(() => {});
  });
  work.request("a");
  work.request("b");
  assert.deepEqual(runs, ["a", "b"]);
});

Deno.test("KeyedWork runs a key again after its work failed", async () => {
  let fail = true;
  const work = new KeyedWork(() => fail ? Promise.reject(new Error("no")) : Promise.resolve());
  await assert.rejects(work.request("a"), /no/);
  fail = false;
  await work.request("a");
  await work.idle();
});

Deno.test("KeyedWork has a key while its work runs or waits", async () => {
  const releases: (() => void)[] = [];
  const work = new KeyedWork(() => new Promise((resolve) => releases.push(resolve)));
  assert.equal(work.has("a"), false);
  const first = work.request("a");
  const second = work.request("a");
  assert.ok(work.has("a") && !work.has("b"));
  releases.shift()?.();
  await first;
  assert.ok(work.has("a"));
  await Promise.resolve();
  releases.shift()?.();
  await second;
  await work.idle();
  assert.equal(work.has("a"), false);
});

import assert from "node:assert/strict";
import { Gate } from "./gate.ts";

/** Work that goes on until it is told to end. */
function work() {
  const begun = Promise.withResolvers<void>();
  const { promise, resolve: end, reject: fail } = Promise.withResolvers<void>();
  const run = () => {
    begun.resolve();
    return promise;
  };
  return { run, end, fail, begun: begun.promise };
}

/** Lets everything run that waits for nothing but its turn. */
const turns = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("Gate runs shared work side by side, and exclusive work alone and before what asked later", async () => {
  const gate = new Gate();
  const log: string[] = [];
  const logged = (name: string, { run }: ReturnType<typeof work>) => () => {
    log.push(name);
    return run();
  };
  const [one, two, alone, late] = [work(), work(), work(), work()];
  const first = [gate.shared(logged("one", one)), gate.shared(logged("two", two))];
  await turns();
  const exclusive = gate.exclusive(logged("alone", alone));
  const last = gate.shared(logged("late", late));
  await turns();
  assert.deepEqual(log, ["one", "two"]);
  one.end();
  await turns();
  assert.deepEqual(log, ["one", "two"]);
  two.end();
  await Promise.all(first);
  await turns();
  assert.deepEqual(log, ["one", "two", "alone"]);
  alone.end();
  await exclusive;
  late.end();
  await last;
  assert.deepEqual(log, ["one", "two", "alone", "late"]);
});

Deno.test("Gate runs work at once beside shared work when it is asked to run it if it can", async () => {
  const gate = new Gate();
  const [beside, now] = [work(), work()];
  const shared = gate.shared(beside.run);
  let begun = false;
  const running = gate.ifShared(() => {
    begun = true;
    return now.run();
  });
  assert.ok(running && begun);
  now.end();
  await running;
  beside.end();
  await shared;
});

Deno.test("Gate does nothing when it is asked to run work if it can, and exclusive work runs or waits", async () => {
  const gate = new Gate();
  const [shared, first, second] = [work(), work(), work()];
  const refused = () => gate.ifShared(() => Promise.reject(new Error("must not run")));
  const sharing = gate.shared(shared.run);
  await shared.begun;
  const looks = [gate.exclusive(first.run), gate.exclusive(second.run)];
  assert.equal(refused(), undefined, "one waits");
  shared.end();
  await first.begun;
  assert.equal(refused(), undefined, "one runs");
  first.end();
  await second.begun;
  assert.equal(refused(), undefined, "the next one runs");
  second.end();
  await Promise.all([sharing, ...looks]);
  assert.equal(await gate.ifShared(() => Promise.resolve(7)), 7);
});

Deno.test("Gate lets exclusive work wait for work that was run because it could be, also when that fails", async () => {
  const gate = new Gate();
  const [prepared, alone] = [work(), work()];
  const running = gate.ifShared(prepared.run);
  let looked = false;
  const exclusive = gate.exclusive(() => {
    looked = true;
    return alone.run();
  });
  await turns();
  assert.equal(looked, false);
  prepared.fail(new Error("no"));
  await assert.rejects(running ?? Promise.resolve(), /no/);
  await alone.begun;
  alone.end();
  await exclusive;
});

Deno.test("Gate opens again after exclusive work failed", async () => {
  const gate = new Gate();
  await assert.rejects(gate.exclusive(() => Promise.reject(new Error("no"))), /no/);
  assert.equal(await gate.ifShared(() => Promise.resolve(1)), 1);
  assert.equal(await gate.shared(() => Promise.resolve(2)), 2);
});

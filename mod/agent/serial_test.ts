import { strict as assert } from "node:assert";
import { KeyedSerial, Serial } from "./serial.ts";

Deno.test("serial runs work in order, and goes on when one fails", async () => {
  const serial = new Serial();
  const log: string[] = [];
  const failed = serial.run(() => Promise.reject(new Error("first")));
  const second = serial.run(() => Promise.resolve(log.push("second")));
  const third = serial.run(() => Promise.resolve(log.push("third")));
  await assert.rejects(failed, /first/);
  await Promise.all([second, third]);
  assert.deepEqual(log, ["second", "third"]);
});

Deno.test("keyed serial holds up only work of the same key", async () => {
  const serial = new KeyedSerial();
  const gate = Promise.withResolvers<void>();
  const log: string[] = [];
  const first = serial.run("a", () => gate.promise);
  const behind = serial.run("a", () => Promise.resolve(log.push("behind")));
  await serial.run("b", () => Promise.resolve(log.push("beside")));
  gate.resolve();
  await Promise.all([first, behind]);
  assert.deepEqual(log, ["beside", "behind"]);
});

import assert from "node:assert/strict";
import { Departures } from "./departures.ts";

Deno.test("departures make only those wait who want the port that leaves", async () => {
  const departures = new Departures();
  const { promise, resolve } = Promise.withResolvers<void>();
  const told: string[] = [];
  departures.begin("vvport1", promise, () => told.push("released"));
  await departures.of("vvport2");
  assert.deepEqual(told, []);
  resolve();
  await departures.of("vvport1");
  assert.deepEqual(told, ["released"]);
  await departures.of("vvport1");
});

Deno.test("departures end, and say why, when a port is not released", async () => {
  const departures = new Departures();
  const told: unknown[] = [];
  departures.begin("vvport1", Promise.reject(new Error("stuck")), (error) => told.push(error));
  await departures.all();
  assert.deepEqual(told.map(String), ["Error: stuck"]);
});

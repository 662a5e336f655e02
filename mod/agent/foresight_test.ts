import assert from "node:assert/strict";
import type { Wiring } from "./desired_endpoint.ts";
import { Foresight, isSameWiring } from "./foresight.ts";

function wiring(number: number, mac = "02:02:0a:01:00:01"): Wiring {
  const name = `vvport${number}`;
  return {
    link: {
      hostLink: name,
      alias: "contiv:e",
      mtu: 1450,
      checksumOffload: true,
      peer: { name: "eth0", mac },
    },
    port: { name, type: "system", number, externalIds: { "contiv-owner": "e" } },
  };
}

Deno.test("Foresight says what was foreseen once that is wired, or has failed to be", async () => {
  const foresight = new Foresight();
  const [good, bad] = [wiring(1), wiring(2)];
  const { promise, resolve } = Promise.withResolvers<void>();
  foresight.begin("good", good, promise);
  foresight.begin("bad", bad, Promise.reject(new Error("no")));
  let result: Wiring | undefined;
  const asked = foresight.result("good").then((it) => result = it);
  assert.equal(await foresight.result("bad"), bad);
  assert.equal(result, undefined);
  resolve();
  await asked;
  assert.equal(result, good);
  assert.equal(await foresight.result("unknown"), undefined);
});

Deno.test("Foresight keeps what is foreseen until it is told to forget it", async () => {
  const foresight = new Foresight();
  foresight.begin("one", wiring(1), Promise.resolve());
  foresight.begin("two", wiring(2), Promise.resolve());
  await foresight.idle();
  assert.deepEqual(foresight.wirings(), [wiring(1), wiring(2)]);
  assert.ok(foresight.has("one"));
  foresight.forget("one");
  assert.equal(foresight.has("one"), false);
  assert.deepEqual(foresight.wirings(), [wiring(2)]);
  assert.equal(await foresight.result("one"), undefined);
});

Deno.test("Foresight is idle when all work has ended, the failed with it", async () => {
  const foresight = new Foresight();
  const { promise, reject } = Promise.withResolvers<void>();
  foresight.begin("one", wiring(1), promise);
  let idle = false;
  const waiting = foresight.idle().then(() => idle = true);
  await Promise.resolve();
  assert.equal(idle, false);
  reject(new Error("no"));
  await waiting;
});

Deno.test("isSameWiring tells wirings apart by link and port alone", () => {
  assert.ok(isSameWiring(wiring(1), { ...wiring(1) }));
  assert.equal(isSameWiring(wiring(1), wiring(2)), false);
  assert.equal(isSameWiring(wiring(1), wiring(1, "02:02:0a:01:00:02")), false);
  const flows = { flows: [] };
  assert.ok(isSameWiring({ ...wiring(1), ...flows }, wiring(1)));
});

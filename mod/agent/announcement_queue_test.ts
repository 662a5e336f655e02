import { deepEqual, equal } from "node:assert/strict";
import { AnnouncementQueue, INTERVAL_MS, REPEATS } from "./announcement_queue.ts";
import type { PacketOut } from "./switch.ts";

const packet = (inPort: number): PacketOut => ({
  frame: new Uint8Array(60),
  inPort,
  actions: ["NORMAL"],
});

Deno.test("AnnouncementQueue announces at once, and then a bounded number of times", () => {
  const queue = new AnnouncementQueue();
  queue.add("a", [packet(1)], 1_000);
  const times: number[] = [];
  for (let next = queue.next(); next !== undefined; next = queue.next()) {
    equal(queue.take(next - 1, 10).length, 0);
    equal(queue.take(next, 10).length, 1);
    times.push(next);
  }
  deepEqual(times, Array.from({ length: REPEATS + 1 }, (_, n) => 1_000 + n * INTERVAL_MS));
});

Deno.test("AnnouncementQueue never gives more than asked for, and each its turn", () => {
  const queue = new AnnouncementQueue();
  for (let port = 0; port < 1_000; port++) queue.add(`e${port}`, [packet(port)], 0);
  const seen = Array.from({ length: 20 }, (_, turn) => queue.take(turn, 50));
  equal(Math.max(...seen.map((batch) => batch.length)), 50);
  equal(new Set(seen.flat().map(({ inPort }) => inPort)).size, 1_000);
  deepEqual(queue.take(20, 50), []);
});

Deno.test("AnnouncementQueue says no more of one that is gone, and starts anew for one that comes again", () => {
  const queue = new AnnouncementQueue();
  queue.add("a", [packet(1)], 0);
  queue.remove("a");
  equal(queue.next(), undefined);
  queue.add("b", [packet(2)], 0);
  queue.take(0, 1);
  queue.add("b", [packet(3)], 10);
  deepEqual(queue.take(10, 1).map(({ inPort }) => inPort), [3]);
});

import { strict as assert } from "node:assert";
import type { KernelEvent } from "../../mod/agent/kernel.ts";
import { EventQueue, LinkTracker } from "./events.ts";
import { linkHeader } from "./link.ts";
import { messages } from "./netlink/decode.ts";
import { MessageBuilder } from "./netlink/message.ts";

function linkEvents(
  tracker: LinkTracker,
  type: 16 | 17,
  index: number,
  name: string,
  up = false,
): KernelEvent[] {
  const builder = new MessageBuilder();
  builder.add(type, 0, 0, (message) => linkHeader(message, index, { up }).text(3, name));
  return [...messages(builder.bytes)].flatMap((message) => tracker.events(message));
}

Deno.test("link tracker tells changes, removals and renames apart", () => {
  const tracker = new LinkTracker();
  assert.deepEqual(linkEvents(tracker, 16, 5, "a"), [{ type: "link-changed", name: "a" }]);
  assert.deepEqual(linkEvents(tracker, 16, 5, "b"), [
    { type: "link-removed", name: "a" },
    { type: "link-changed", name: "b" },
  ]);
  assert.deepEqual(linkEvents(tracker, 17, 5, "b"), [{ type: "link-removed", name: "b" }]);
  assert.deepEqual(linkEvents(tracker, 16, 5, "c"), [{ type: "link-changed", name: "c" }]);
});

Deno.test("link tracker tells a link that goes down, once, and not one that never was up", () => {
  const tracker = new LinkTracker();
  const changed = { type: "link-changed", name: "a" };
  assert.deepEqual(linkEvents(tracker, 16, 5, "a", false), [changed]);
  assert.deepEqual(linkEvents(tracker, 16, 5, "a", true), [changed]);
  assert.deepEqual(linkEvents(tracker, 16, 5, "a", false), [changed, {
    type: "link-down",
    name: "a",
  }]);
  assert.deepEqual(linkEvents(tracker, 16, 5, "a", false), [changed]);
});

Deno.test("link tracker names the link of a removed address, if it knows it", () => {
  const removed = (tracker: LinkTracker, payload: number[]) => {
    const builder = new MessageBuilder();
    builder.add(21, 0, 0, (message) => message.raw(payload));
    return [...messages(builder.bytes)].flatMap((message) => tracker.events(message));
  };
  const tracker = new LinkTracker();
  linkEvents(tracker, 16, 5, "a");
  const event = { type: "address-removed", name: "a" };
  assert.deepEqual(removed(tracker, [2, 16, 0, 0, 5, 0, 0, 0]), [event]);
  assert.deepEqual(removed(tracker, [2, 16, 0, 0, 6, 0, 0, 0]), []);
  assert.deepEqual(removed(tracker, [2, 16, 0, 0]), []);
});

async function drained(queue: EventQueue, count: number): Promise<KernelEvent[]> {
  const events: KernelEvent[] = [];
  for (let at = 0; at < count; at++) {
    const { value } = await queue.next();
    if (value) events.push(value);
  }
  return events;
}

Deno.test("event queue folds repeated changes but never a removal", async () => {
  const queue = new EventQueue();
  const [changed, removed]: KernelEvent[] = [
    { type: "link-changed", name: "a" },
    { type: "link-removed", name: "a" },
  ];
  assert.ok(changed && removed);
  for (const event of [changed, changed, removed, changed, changed]) queue.push(event);
  assert.deepEqual(await drained(queue, 3), [changed, removed, changed]);
  queue.push(changed);
  assert.deepEqual(await drained(queue, 1), [changed]);
});

Deno.test("event queue asks for a resync when events were lost or are too many", async () => {
  const queue = new EventQueue();
  for (let at = 0; at < 5000; at++) queue.push({ type: "link-changed", name: `a${at}` });
  assert.deepEqual(await drained(queue, 1), [{ type: "resync" }]);
  queue.push({ type: "link-changed", name: "b" });
  queue.push({ type: "resync" });
  assert.deepEqual(await drained(queue, 1), [{ type: "resync" }]);
});

Deno.test("event queue ends its iteration, or fails it, when the watch does", async () => {
  const [ended, failed] = [new EventQueue(), new EventQueue()];
  const waiting = ended.next();
  ended.end();
  assert.deepEqual(await waiting, { done: true, value: undefined });
  failed.end(new Error("gone"));
  await assert.rejects(failed.next(), /gone/);
});

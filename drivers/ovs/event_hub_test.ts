import { deepEqual } from "node:assert/strict";
import { EventHub } from "./event_hub.ts";

Deno.test("event hub gives each listener each kind once, the latest, from when it listened", async () => {
  const hub = new EventHub<{ type: string; n: number }>();
  const stop = new AbortController();
  hub.emit({ type: "a", n: 0 });
  const events = hub.listen(stop.signal);
  hub.emit({ type: "a", n: 1 });
  hub.emit({ type: "b", n: 2 });
  hub.emit({ type: "a", n: 3 });
  const received: string[] = [];
  for await (const { type, n } of events) {
    received.push(`${type}${n}`);
    if (received.length === 2) stop.abort();
  }
  deepEqual(received, ["b2", "a3"]);
  for await (const _ of hub.listen(stop.signal)) {
    throw new Error("an aborted listener hears nothing");
  }
});

import assert from "node:assert/strict";
import {
  AGENT_PORT,
  keepRegistered,
  registeredServices,
  serviceKey,
  serviceRecord,
} from "../../../mod/state/registration.ts";
import type { StoreError } from "../../../mod/state/store.ts";
import type { Timing } from "../../../mod/state/timing.ts";
import { realTiming, withCache } from "../testing.ts";
import { type Clock, ManualClock } from "./clock.ts";
import { FaultyStore } from "./faulty_store.ts";
import { MemoryStore } from "./memory_store.ts";

const AGENT = serviceRecord(
  "netplugin",
  { address: "10.0.0.1", port: AGENT_PORT, host: "hostA" },
  "1.0",
);
const KEY = "/contiv.io/service/netplugin/10.0.0.1:9002";

const clocked = (clock: Clock): Timing => ({
  random: () => 0.5,
  delay: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const cancel = clock.after(milliseconds, resolve);
      signal.addEventListener("abort", () => (cancel(), resolve()), { once: true });
    }),
});

async function pass(clock: ManualClock, milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 250) {
    clock.advance(250);
    await realTiming.delay(0, new AbortController().signal);
  }
}

Deno.test("a service's record has the original's key and fields", () => {
  assert.equal(serviceKey(AGENT), KEY);
  assert.deepEqual(AGENT, {
    ServiceName: "netplugin",
    Role: "",
    Version: "1.0",
    TTL: 10,
    HostAddr: "10.0.0.1",
    Port: 9002,
    Hostname: "hostA",
  });
});

Deno.test("keepRegistered keeps the record without writing it again, and withdraws it at the end", async () => {
  const clock = new ManualClock();
  const store = new MemoryStore(clock);
  const stop = new AbortController();
  const troubles: StoreError[] = [];
  const kept = keepRegistered(
    store,
    { records: () => [AGENT], trouble: (it) => void (it && troubles.push(it)) },
    clocked(clock),
    stop.signal,
  );
  await pass(clock, 1_000);
  const { revision } = await store.list("");
  await pass(clock, 60_000);
  assert.deepEqual(JSON.parse((await store.get(KEY))?.value ?? ""), AGENT);
  assert.equal((await store.list("")).revision, revision, "renewals make no revisions");
  await withCache(store, (cache) => {
    assert.deepEqual(registeredServices(cache.snapshot(), "netplugin"), [AGENT]);
    assert.deepEqual(registeredServices(cache.snapshot(), "netmaster"), []);
    return Promise.resolve();
  });
  stop.abort();
  await kept;
  assert.equal(await store.get(KEY), undefined);
  assert.deepEqual(troubles, []);
});

Deno.test("keepRegistered registers again when the store was away for longer than the lease", async () => {
  const clock = new ManualClock();
  let away = false;
  const inner = new MemoryStore(clock);
  const store = new FaultyStore(inner, () => away ? { lose: "request" } : undefined);
  const stop = new AbortController();
  const troubles: StoreError[] = [];
  const kept = keepRegistered(
    store,
    { records: () => [AGENT], trouble: (it) => void (it && troubles.push(it)) },
    clocked(clock),
    stop.signal,
  );
  await pass(clock, 1_000);
  away = true;
  await pass(clock, 60_000);
  assert.equal(await inner.get(KEY), undefined);
  assert(troubles.length > 2 && troubles.length < 30, `${troubles.length} complaints in 50 s`);
  away = false;
  await pass(clock, 15_000);
  assert.ok(await inner.get(KEY));
  stop.abort();
  await kept;
  assert.equal(await inner.get(KEY), undefined);
});

Deno.test("keepRegistered gives up at once when it is told to while the store is away", async () => {
  const clock = new ManualClock();
  const store = new FaultyStore(new MemoryStore(clock), () => ({ lose: "request" }));
  const stop = new AbortController();
  const kept = keepRegistered(
    store,
    { records: () => [AGENT], trouble: () => {} },
    clocked(clock),
    stop.signal,
  );
  await pass(clock, 3_000);
  stop.abort();
  await kept;
});

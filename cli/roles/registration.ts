/**
 * This process's record in the store, for as long as it runs.
 * @module
 */
import type { Log } from "../../mod/agent/log.ts";
import { keepRegistered, serviceKey, type ServiceRecord } from "../../mod/state/registration.ts";
import type { Store } from "../../mod/state/store.ts";
import { delay } from "./delay.ts";
import type { Services } from "./services.ts";

/** Registers in the background, however long the store is away; withdraws when `services` close. */
export function register(store: Store, record: ServiceRecord, services: Services, log: Log): void {
  const stop = new AbortController();
  const timing = { random: Math.random, delay };
  const key = serviceKey(record);
  const kept = keepRegistered(
    store,
    record,
    timing,
    stop.signal,
    (error) => log.warn("{key} is not registered: {error}", { key, error: String(error) }),
  );
  services.add("registration", async () => {
    stop.abort(new DOMException("The process stops", "AbortError"));
    await kept;
  });
}

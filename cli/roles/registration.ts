/**
 * This process's record in the store, for as long as it runs.
 * @module
 */
import type { Log } from "../../mod/agent/log.ts";
import { keepRegistered, serviceKey, type ServiceRecord } from "../../mod/state/registration.ts";
import type { Bell } from "../../mod/state/bell.ts";
import type { Store, StoreError } from "../../mod/state/store.ts";
import { delay } from "./delay.ts";
import type { Services } from "./services.ts";

/**
 * Registers in the background, however long the store is away; withdraws when `services` close. `record` is asked again when `changed`
 * rings. The log hears of the first failure only: that the store is away is said elsewhere.
 */
export function register(
  store: Store,
  record: () => ServiceRecord,
  services: Services,
  log: Log,
  changed?: Bell,
): void {
  const stop = new AbortController();
  const timing = { random: Math.random, delay };
  let troubled = false;
  const trouble = (error: StoreError | undefined) => {
    if (error && !troubled) {
      log.warn("{key} is not registered: {error}", {
        key: serviceKey(record()),
        error: error.message,
      });
    }
    troubled = error !== undefined;
  };
  const registration = { records: () => [record()], trouble, ...(changed ? { changed } : {}) };
  const kept = keepRegistered(store, registration, timing, stop.signal);
  services.add("registration", async () => {
    stop.abort(new DOMException("The process stops", "AbortError"));
    await kept;
  });
}

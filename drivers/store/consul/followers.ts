/**
 * What runs in the background of an open store: following the head, and ending the records of leases that have ended. Both wait in
 * Consul's blocking queries and end with the transport.
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { messageOf } from "../../../mod/state/message_of.ts";
import { StoreError } from "../../../mod/state/store.ts";
import { backoff } from "../../../mod/state/timing.ts";
import { delay } from "../../delay.ts";
import type { ConsulApi } from "./consul_api.ts";
import type { Leases } from "./leases.ts";
import { placedHead } from "./log_reader.ts";
import { HEAD, LEASES } from "./names.ts";
import type { Replica } from "./replica.ts";

/** Short, so that an agent that hangs is noticed soon after. */
const HEAD_WAIT_MS = 2_000;
const LEASES_WAIT_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** Brings the replica forward as the head moves; calls `lost` when Consul could not be reached for a whole call's time. */
export function followHead(
  api: ConsulApi,
  replica: Replica,
  lost: (error: unknown) => void,
): Promise<void> {
  const { closed } = api.transport;
  return forever(closed, lost, async (index) => {
    const { pair, index: next } = await api.read(HEAD, { index, wait: HEAD_WAIT_MS }, closed);
    const head = pair && placedHead(pair);
    // Without a head, or with an older one, the store was restored or removed: only a consistent read can tell.
    if (head && head.revision >= replica.revision) await replica.advance(head);
    else await replica.sync();
    return next;
  });
}

/** Looks whenever a lease was granted or has ended, and every now and then. */
export function followLeases(
  api: ConsulApi,
  leases: Leases,
  logger: Logger | undefined,
): Promise<void> {
  const { closed } = api.transport;
  const failed = (error: unknown) => {
    logger?.warn("cannot end expired leases, will try again: {error}", { error: messageOf(error) });
  };
  return forever(closed, failed, async (index) => {
    const { index: next } = await api.keys(LEASES, { index, wait: LEASES_WAIT_MS }, closed);
    await leases.sweep(closed);
    return next;
  });
}

/** Repeats `look` with the index of the last answer, from 0 again when the index goes backwards or after a failure. */
async function forever(
  closed: AbortSignal,
  failed: (error: unknown) => void,
  look: (index: number) => Promise<number>,
): Promise<void> {
  for (let index = 0, failures = 0; !closed.aborted;) {
    try {
      const next = Math.max(1, await look(index));
      index = next < index ? 0 : next;
      failures = 0;
    } catch (error) {
      if (closed.aborted) return;
      if (!(error instanceof StoreError)) throw error;
      failed(error);
      index = 0;
      await delay(backoff(failures++, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, Math.random()), closed);
    }
  }
}

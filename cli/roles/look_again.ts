/**
 * Looks at something again and again. The log is warned when the looks begin to fail, and told when they work again; not of each.
 * @module
 */
import type { Log } from "../../mod/agent/log.ts";
import { messageOf } from "../../mod/state/message_of.ts";
import type { Timing } from "../../mod/state/timing.ts";

export interface Looks extends Timing {
  readonly look: () => Promise<void>;
  /** Milliseconds; jittered by half, so that the hosts of a cluster do not look at the same time. */
  readonly interval: number;
  /** What does not happen while looks fail: "The sweep failed". */
  readonly failing: string;
  /** "The sweep works again" */
  readonly mended: string;
  readonly log: Log;
}

/** Resolves when the signal has aborted; never rejects. */
export async function lookAgain(
  { look, interval, failing, mended, log, random, delay }: Looks,
  signal: AbortSignal,
): Promise<void> {
  let trouble: string | undefined;
  while (!signal.aborted) {
    try {
      await look();
      if (trouble !== undefined) log.info(mended);
      trouble = undefined;
    } catch (error) {
      if (signal.aborted) return;
      const message = messageOf(error);
      if (trouble === undefined) log.warn(`${failing}: {error}`, { error: message });
      else if (message !== trouble) log.debug(`${failing}: {error}`, { error: message });
      trouble = message;
    }
    await delay(interval * (0.5 + random()), signal);
  }
}

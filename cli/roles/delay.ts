/**
 * Waiting, and trying again until it works.
 * @module
 */
import { delay } from "../../drivers/delay.ts";

export { delay };

/**
 * Tries `attempt` until it succeeds, with doubling, jittered pauses of at most `longest` ms, and tells `failed` why each time.
 * Throws the signal's reason when that aborts.
 */
export async function persist<T>(
  attempt: () => Promise<T>,
  failed: (error: unknown) => void,
  signal: AbortSignal,
  longest = 10_000,
): Promise<T> {
  for (let pause = 250;; pause = Math.min(pause * 2, longest)) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      failed(error);
    }
    await delay(pause * (0.5 + Math.random() / 2), signal);
  }
}

/**
 * The process's timer, as the domain asks for it.
 * @module
 */

/** Resolves after `milliseconds`, or at once when the signal aborts. Keeps no timer and no listener behind. */
export function delay(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end, { once: true });
  });
}

/**
 * Waiting for something that goes on by itself, no longer than a signal allows.
 * @module
 */

/** `work`'s outcome, or the signal's reason if that comes first; `work` is not stopped by it. */
export function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

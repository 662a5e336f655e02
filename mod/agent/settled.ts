/**
 * Several pieces of work as one, that has ended only when all have.
 * @module
 */

/** Waits for all, so that nothing still runs when the caller cleans up; then throws the first failure. */
export async function settled(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}

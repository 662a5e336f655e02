/**
 * Waiting for a condition of the real world, with a deadline: what the tests use in place of sleeps.
 * @module
 */

/** Milliseconds between two looks. */
const INTERVAL = 10;

/**
 * Looks until `condition` returns something other than undefined or false, and returns that. Throws after `deadline` milliseconds
 * with `what` was waited for; an error that the condition threw last is the cause.
 */
export async function waitFor<T>(
  what: string,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  deadline = 10_000,
): Promise<T> {
  const end = performance.now() + deadline;
  let cause: unknown;
  do {
    try {
      const found = await condition();
      if (found !== undefined && found !== false) return found;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
  } while (performance.now() < end);
  throw new Error(`waited ${deadline} ms in vain for ${what}`, { cause });
}

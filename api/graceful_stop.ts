/**
 * How every server of ours stops: it accepts no more, and requests under way get a time to finish.
 * @module
 */

/** Milliseconds that requests under way get. */
export const GRACE = 4_000;

/**
 * Resolves when `signal` has aborted and the server is done, or `grace` ms after that: `late` is told then, and since Deno cannot close
 * single connections, what is left ends with the process.
 */
export function stopGracefully(
  server: Pick<Deno.HttpServer<Deno.Addr>, "shutdown">,
  signal: AbortSignal,
  late: () => void = () => {},
  grace = GRACE,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = () => {
    const timer = setTimeout(() => {
      late();
      resolve();
    }, grace);
    server.shutdown().then(resolve, reject).finally(() => clearTimeout(timer));
  };
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  return promise;
}

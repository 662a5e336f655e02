/**
 * Servers on unix sockets: open to their owner only from the first moment, never in another's place, gone when they stop.
 * @module
 */
import { dirname } from "node:path";
import { stopGracefully } from "./graceful_stop.ts";

export interface UnixService {
  readonly handler: (request: Request) => Response | Promise<Response>;
  /** Answers what `handler` failed to; Deno's own answer unless told. */
  readonly onError?: (error: unknown) => Response;
  /** Stops it. */
  readonly signal: AbortSignal;
  /** Told when requests were still under way at the end of the time that they get. */
  readonly late?: () => void;
  /** Milliseconds of that time. */
  readonly grace?: number;
}

export class SocketInUseError extends Error {
  override readonly name = "SocketInUseError";
}

/**
 * Listens on `path`; resolves once requests are accepted. The directory is made 0700 when absent, the socket is 0600. What a dead
 * process left is replaced; a socket that somebody serves, or anything that is no socket, is a SocketInUseError. Deno removes the
 * socket when the server stops; `finished` resolves when it has.
 */
export async function serveUnix(
  path: string,
  { handler, onError, signal, late, grace }: UnixService,
): Promise<{ readonly finished: Promise<void> }> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await removeStale(path);
  const options = { path, onListen: () => {}, ...(onError && { onError }) };
  const server = ownerOnly(() => Deno.serve(options, handler));
  return { finished: stopGracefully(server, signal, late, grace) };
}

/** The socket must never be open to others, not even for the moment before a chmod. `make` must be synchronous: the mask is the process's. */
function ownerOnly<T>(make: () => T): T {
  const umask = Deno.umask(0o177);
  try {
    return make();
  } finally {
    Deno.umask(umask);
  }
}

async function removeStale(path: string): Promise<void> {
  try {
    if (!(await Deno.lstat(path)).isSocket) {
      throw new SocketInUseError(
        `cannot serve on ${path}: it is there and no socket; move it away`,
      );
    }
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    return await Deno.remove(path);
  }
  throw new SocketInUseError(
    `cannot serve on ${path}: another process does (find it with: ss -xlp src ${path})`,
  );
}

/**
 * The master's listener: TCP or a unix socket, stopped gracefully and within a deadline.
 * @module
 */
import type { Hono } from "hono";
import type { Log } from "../../mod/agent/log.ts";

/** Requests under way get this long to finish after the stop; nobody waits for them any longer. */
const GRACE_MS = 4_000;

export interface MasterServer {
  /** `127.0.0.1:9999`, or the socket's path. */
  readonly address: string;
  /** Resolves when all requests are answered, at most `grace` ms after the signal aborted. */
  readonly finished: Promise<void>;
}

/**
 * `listen`: `ip:port`, `[ip6]:port`, `:port` (all addresses), or the absolute path of a unix socket, open to its owner only.
 * Throws when the address cannot be listened on.
 */
export function serveMaster(
  app: Hono,
  listen: string,
  { signal, log, grace = GRACE_MS }: { signal: AbortSignal; log: Log; grace?: number },
): MasterServer {
  const handler = (request: Request) => app.fetch(request);
  const onError = (error: unknown) => {
    log.error("Request failed outside of the API: {error}", { error: String(error) });
    return new Response("internal error\n", { status: 500 });
  };
  const options = { handler, onError };
  const server = listen.startsWith("/")
    ? serveUnix(listen, options)
    : Deno.serve({ ...parseListen(listen), ...options, onListen: () => {} });
  const finished = new Promise<void>((resolve, reject) => {
    const stop = () => shutdown(server, grace, log).then(resolve, reject);
    if (signal.aborted) void stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  const address = "hostname" in server.addr
    ? `${bracketed(server.addr.hostname)}:${server.addr.port}`
    : listen;
  return { address, finished };
}

function serveUnix(
  path: string,
  options: {
    handler: (request: Request) => Response | Promise<Response>;
    onError: (e: unknown) => Response;
  },
): Deno.HttpServer {
  removeStaleSocket(path);
  // The socket must never be open to others, not even for the moment before a chmod.
  const umask = Deno.umask(0o177);
  try {
    return Deno.serve({ path, ...options, onListen: () => {} });
  } finally {
    Deno.umask(umask);
  }
}

/** A process that was killed leaves its socket behind, and binding to it fails. Anything but a socket stays. */
function removeStaleSocket(path: string): void {
  try {
    if (Deno.lstatSync(path).isSocket) Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

export function parseListen(listen: string): { hostname: string; port: number } {
  const [, ip6, host = "", port = ""] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(listen) ?? [];
  if (port === "" || Number(port) > 65535) {
    throw new TypeError(`cannot listen on "${listen}": want ip:port or the path of a unix socket`);
  }
  return { hostname: ip6 ?? (host || "0.0.0.0"), port: Number(port) };
}

function bracketed(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

/** Deno cannot close single connections: those that are late end with the process. */
async function shutdown(server: Deno.HttpServer, grace: number, log: Log): Promise<void> {
  const graceful = server.shutdown();
  const { promise: late, resolve } = Promise.withResolvers<"late">();
  const timer = setTimeout(() => resolve("late"), grace);
  const outcome = await Promise.race([graceful, late]);
  clearTimeout(timer);
  if (outcome === "late") log.warn("Requests were still under way when the API stopped");
}

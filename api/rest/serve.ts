/**
 * The master's listener: TCP or a unix socket, stopped gracefully and within a deadline.
 * @module
 */
import type { Hono } from "hono";
import type { Log } from "../../mod/agent/log.ts";
import { GRACE, stopGracefully } from "../graceful_stop.ts";
import { serveUnix, type UnixService } from "../unix_socket.ts";

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
export async function serveMaster(
  app: Hono,
  listen: string,
  { signal, log, grace = GRACE }: { signal: AbortSignal; log: Log; grace?: number },
): Promise<MasterServer> {
  const service = {
    handler: (request: Request) => app.fetch(request),
    onError: (error: unknown) => {
      log.error("Request failed outside of the API: {error}", { error: String(error) });
      return new Response("internal error\n", { status: 500 });
    },
    late: () => log.warn("Requests were still under way when the API stopped"),
    signal,
    grace,
  };
  return listen.startsWith("/")
    ? { address: listen, ...await serveUnix(listen, service) }
    : serveTcp(listen, service);
}

function serveTcp(
  listen: string,
  { handler, onError, signal, late, grace }: Required<UnixService>,
): MasterServer {
  const at = parseListen(listen);
  const server = serveOrSay(
    at,
    () => Deno.serve({ ...at, onError, onListen: () => {} }, handler),
  );
  return {
    address: `${bracketed(server.addr.hostname)}:${server.addr.port}`,
    finished: stopGracefully(server, signal, late, grace),
  };
}

/** The system's own words name neither address nor remedy. */
function serveOrSay<T>({ hostname, port }: { hostname: string; port: number }, serve: () => T): T {
  try {
    return serve();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AddrInUse)) throw cause;
    throw new Error(
      `cannot serve the API on ${bracketed(hostname)}:${port}: another process does ` +
        `(find it with: ss -tlnp sport = :${port})`,
      { cause },
    );
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

/**
 * The plugin's unix socket: where Docker finds a driver by the socket's name.
 * @module
 */
import { dirname } from "node:path";

/** Docker looks for plugin sockets here; the file's name is the driver's. */
export const SOCKET_PATH = "/run/docker/plugins/netplugin.sock";

export class SocketInUseError extends Error {
  override readonly name = "SocketInUseError";
}

/**
 * Listens on `path` until `signal` aborts; resolves once requests are accepted. The directory is made 0700 when absent, the socket is
 * 0600 from its first moment. What a dead process left is replaced; a socket that somebody serves is a SocketInUseError.
 */
export async function servePlugin(
  path: string,
  handler: (request: Request) => Promise<Response>,
  signal: AbortSignal,
): Promise<{ readonly finished: Promise<void> }> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await removeStale(path);
  const umask = Deno.umask(0o177);
  let server: Deno.HttpServer<Deno.UnixAddr>;
  try {
    server = Deno.serve({ path, signal, onListen: () => {} }, handler);
  } finally {
    Deno.umask(umask);
  }
  const own = await Deno.stat(path);
  return { finished: server.finished.then(() => removeOwn(path, own.ino)) };
}

async function removeStale(path: string): Promise<void> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    return await Deno.remove(path);
  }
  throw new SocketInUseError(
    `cannot serve Docker on ${path}: another process does (find it with: ss -xlp src ${path})`,
  );
}

/** A successor may have put its own in place already. */
async function removeOwn(path: string, inode: number | null): Promise<void> {
  try {
    if ((await Deno.stat(path)).ino === inode) await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

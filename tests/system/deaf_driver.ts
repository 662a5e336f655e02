/**
 * A driver in Contiv's place that says yes to everything and does nothing: what an engine tells it is lost, as if Contiv had been down
 * until the engine gave up, without the 15 s that each call takes then.
 * @module
 */
import { serveUnix } from "../../api/unix_socket.ts";

export const PLUGIN_SOCKET = "/run/docker/plugins/netplugin.sock";

export async function deafDriver(path: string): Promise<{ close(): Promise<void> }> {
  const stop = new AbortController();
  const { finished } = await serveUnix(path, {
    handler: () => new Response("{}\n", { headers: { connection: "close" } }),
    signal: stop.signal,
  });
  return {
    close: async () => {
      stop.abort();
      await finished;
    },
  };
}

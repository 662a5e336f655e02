/**
 * Drivers of hosts that share a state, each behind its unix socket, as an engine meets them.
 * @module
 */
import { libnetworkApi } from "../../api/libnetwork/handler.ts";
import { serveUnix } from "../../api/unix_socket.ts";
import { StateEndpoints, type TestState } from "./test_state.ts";

export type Handler = (request: Request) => Promise<Response>;

/** Runs `body` with a way to ask each host's driver; ends them. */
export async function withDrivers<const Hosts extends readonly string[]>(
  state: TestState,
  hosts: Hosts,
  body: (handlers: { readonly [I in keyof Hosts]: Handler }) => Promise<void>,
  scope: "local" | "global" = "local",
  now: () => number = () => 1_000_000,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const stop = new AbortController();
  const clients: Deno.HttpClient[] = [];
  const ends: Promise<void>[] = [];
  const serve = async (host: string): Promise<Handler> => {
    const path = `${directory}/${host}.sock`;
    const { snapshot, commit } = state;
    const handler = libnetworkApi({
      host,
      scope,
      now,
      snapshot,
      commit,
      endpoints: new StateEndpoints(state, host),
    });
    ends.push((await serveUnix(path, { handler, signal: stop.signal })).finished);
    const client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
    clients.push(client);
    return (request) => fetch(request, { client });
  };
  try {
    // A tuple's map is an array to the compiler.
    await body(await Promise.all(hosts.map(serve)) as { [I in keyof Hosts]: Handler });
  } finally {
    for (const client of clients) client.close();
    stop.abort();
    await Promise.all(ends);
    await Deno.remove(directory, { recursive: true });
  }
}

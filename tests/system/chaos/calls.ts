/**
 * Calls to a Contiv that may be killed at any moment: the API, the agent's socket and Docker's socket of a lab host, over HTTP.
 * @module
 */
import type { Host } from "../../lab/host.ts";
import type { NodeProcess } from "../../lab/node.ts";

/** A status code, or 0 when the connection broke: then nobody knows what became of the call. */
export interface Reply {
  readonly status: number;
  readonly text: string;
}

export class Calls {
  readonly #agent: Deno.HttpClient;
  readonly #plugin: Deno.HttpClient;
  readonly #master: Deno.HttpClient;

  private constructor(host: Host, private readonly bridge: NodeProcess) {
    const client = (path: string) =>
      Deno.createHttpClient({ proxy: { transport: "unix", path: host.path(path) } });
    this.#agent = client("/run/contiv/agent.sock");
    this.#plugin = client("/run/docker/plugins/netplugin.sock");
    this.#master = client("/run/master.sock");
  }

  /** The API listens on the host's loopback, where this process is not: a relay in the host carries the calls. */
  static open(host: Host): Calls {
    const relay = ["socat", "UNIX-LISTEN:/run/master.sock,fork", "TCP:127.0.0.1:9999"];
    return new Calls(host, host.spawn(relay));
  }

  attach(body: unknown): Promise<Reply> {
    return call(this.#agent, "POST", "/v1/endpoints", body);
  }

  detach(name: string): Promise<Reply> {
    return call(this.#agent, "DELETE", `/v1/endpoints/${name}`);
  }

  /** `name`: such as NetworkDriver.CreateEndpoint. */
  driver(name: string, body: unknown): Promise<Reply> {
    return call(this.#plugin, "POST", `/${name}`, body);
  }

  /** `path`: such as networks/default:net */
  put(path: string, body: unknown): Promise<Reply> {
    return call(this.#master, "POST", `/api/v1/${path}/`, body);
  }

  remove(path: string): Promise<Reply> {
    return call(this.#master, "DELETE", `/api/v1/${path}/`);
  }

  get(path: string): Promise<Reply> {
    return call(this.#master, "GET", `/api/v1/${path}/`);
  }

  async close(): Promise<void> {
    for (const client of [this.#agent, this.#plugin, this.#master]) client.close();
    this.bridge.kill("SIGKILL");
    await this.bridge.status;
  }
}

const DEADLINE_MS = 20_000;

async function call(
  client: Deno.HttpClient,
  method: string,
  path: string,
  body?: unknown,
): Promise<Reply> {
  try {
    const response = await fetch(`http://contiv${path}`, {
      client,
      method,
      signal: AbortSignal.timeout(DEADLINE_MS),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    return { status: 0, text: String(error) };
  }
}

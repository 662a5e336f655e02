/**
 * The floor under a Docker network driver: one whose links are all made beforehand and which answers each call of the engine at once, with
 * no store, switch or policy behind it. What `docker network connect` takes with it, no driver outside of the engine can better.
 * @module
 */
import type { Host } from "../lab/host.ts";

export const READY_DRIVER = "ready";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Serves one network of up to 250 endpoints, whose links are `rdyN` in the host's namespace. */
export class ReadyDriver implements AsyncDisposable {
  #next = 0;
  readonly #listener: Deno.UnixListener;
  readonly #serving: Promise<void>;

  constructor(private readonly host: Host) {
    const path = host.path(`/run/docker/plugins/${READY_DRIVER}.sock`);
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#serving = this.#serve();
  }

  /** Makes the link that the next endpoint gets. */
  async prepare(): Promise<void> {
    this.#next++;
    const [name, peer] = [`rdyh${this.#next}`, this.#link()];
    await this.host.must(["ip", "link", "add", name, "up", "type", "veth", "peer", "name", peer]);
  }

  /** Deletes it: the engine has put it back. */
  async clear(): Promise<void> {
    await this.host.must(["ip", "link", "delete", `rdyh${this.#next}`]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }

  #link(): string {
    return `rdy${this.#next}`;
  }

  async #serve(): Promise<void> {
    for await (const connection of this.#listener) {
      this.#answer(connection).catch(() => {}).finally(() => connection.close());
    }
  }

  async #answer(connection: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    const count = await connection.read(buffer);
    const [, path = ""] = decoder.decode(buffer.subarray(0, count ?? 0)).split(" ");
    const body = JSON.stringify(this.#reply(path.slice(1)));
    await connection.write(
      encoder.encode(
        `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      ),
    );
  }

  #reply(call: string): unknown {
    switch (call) {
      case "Plugin.Activate":
        return { Implements: ["NetworkDriver", "IpamDriver"] };
      case "NetworkDriver.GetCapabilities":
        return { Scope: "local" };
      case "IpamDriver.RequestPool":
        return { PoolID: READY_DRIVER, Pool: "10.77.0.0/24", Data: {} };
      case "IpamDriver.RequestAddress":
        return { Address: `10.77.0.${this.#next + 2}/24`, Data: {} };
      case "NetworkDriver.CreateEndpoint":
        return { Interface: { MacAddress: "02:02:0a:4d:00:02" } };
      case "NetworkDriver.Join":
        return { InterfaceName: { SrcName: this.#link(), DstPrefix: "eth" } };
      case "NetworkDriver.EndpointOperInfo":
        return { Value: {} };
      default:
        return {};
    }
  }
}

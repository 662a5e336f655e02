/**
 * A TCP relay in a lab host that behaves as badly as it is told: it answers late, or resets every connection. Also its own program:
 * `tcp_relay.ts CONTROL-SOCKET LISTEN-PORT=HOST:PORT …`.
 * @module
 */
import { connect, createServer, type Socket } from "node:net";
import { Transform } from "node:stream";
import type { Host } from "./host.ts";
import type { NodeProcess } from "./node.ts";
import { waitFor } from "./wait.ts";

export interface RelayMode {
  /** Milliseconds by which everything that the target sends is late. */
  readonly late?: number;
  /** Connections are reset, also those that are open. */
  readonly reset?: boolean;
}

const PROGRAM = new URL(import.meta.url).pathname;
const FIRST_PORT = 12379;

export class TcpRelay {
  private constructor(
    /** Where it listens in the host: one for each target, in order. */
    readonly endpoints: readonly string[],
    private readonly process: NodeProcess,
    private readonly client: Deno.HttpClient,
  ) {}

  /** Listens on the loopback of `host` in place of `targets` (host:port each), and does no harm until told. Ends with the host at the latest. */
  static async start(host: Host, targets: readonly string[]): Promise<TcpRelay> {
    const control = `${host.directory}/relay.sock`;
    const pairs = targets.map((target, at) => `${FIRST_PORT + at}=${target}`);
    const process = host.spawn([Deno.execPath(), "run", "-q", "-A", PROGRAM, control, ...pairs], {
      output: { file: `${host.directory}/relay.log` },
    });
    const client = Deno.createHttpClient({ proxy: { transport: "unix", path: control } });
    const endpoints = targets.map((_, at) => `127.0.0.1:${FIRST_PORT + at}`);
    const relay = new TcpRelay(endpoints, process, client);
    await waitFor("the relay", async () => {
      await relay.behave({});
      return true;
    });
    return relay;
  }

  async behave(mode: RelayMode): Promise<void> {
    const response = await fetch("http://relay/", {
      client: this.client,
      method: "POST",
      body: JSON.stringify(mode),
    });
    await response.body?.cancel();
  }

  async close(): Promise<void> {
    this.client.close();
    this.process.kill("SIGKILL");
    await this.process.status;
  }
}

if (import.meta.main) {
  const [control, ...pairs] = Deno.args;
  let mode: RelayMode = {};
  const open = new Set<Socket>();

  /** In order, each chunk `mode.late` after it came. */
  const delayed = (): Transform =>
    new Transform({
      highWaterMark: 1 << 20,
      transform(chunk, _encoding, done) {
        if (!mode.late) return done(null, chunk);
        // Not waited for, so that chunks that come together are late together.
        setTimeout(() => this.push(chunk), mode.late);
        done();
      },
    });

  for (const pair of pairs) {
    const [port, target = ""] = pair.split("=");
    const [host = "", targetPort] = target.split(":");
    createServer((client) => {
      if (mode.reset) {
        client.resetAndDestroy();
        return;
      }
      const server = connect(Number(targetPort), host);
      for (const [one, other] of [[client, server], [server, client]] as const) {
        open.add(one);
        one.on("error", () => other.destroy());
        one.on("close", () => {
          open.delete(one);
          other.destroy();
        });
      }
      client.pipe(server);
      server.pipe(delayed()).pipe(client);
    }).listen(Number(port), "127.0.0.1");
  }

  Deno.serve({ path: control ?? "", onListen: () => {} }, async (request) => {
    mode = await request.json();
    if (mode.reset) { for (const socket of open) socket.resetAndDestroy(); }
    return new Response();
  });
}

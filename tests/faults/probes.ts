/**
 * Probes from one container to another while something is done to the cluster: a ping every 10 ms, a TCP stream, new connections.
 * @module
 */
import type { NodeProcess } from "../lab/node.ts";
import { waitFor } from "../lab/wait.ts";
import type { Namespace } from "../system/namespace.ts";
import { type Figures, pingFigures, type TcpFigures } from "./figures.ts";

const PROBE = new URL("./probe.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
const PORT = "7007";

interface Running {
  readonly process: NodeProcess;
  readonly log: string;
}

export interface Target {
  readonly from: Namespace;
  readonly to: Namespace;
  /** Of `to`. */
  readonly address: string;
}

/** Probes while `work` runs; fails when they do not get through before. */
export async function probed(target: Target, work: () => Promise<void>): Promise<Figures> {
  const server = spawn(target.to, ["server", PORT]);
  await listens(target.to);
  const { from, address } = target;
  const file = `${from.host.directory}/probe-${crypto.randomUUID()}.json`;
  const client = spawn(from, ["client", address, PORT, file]);
  const ping = run(from, ["ping", "-D", "-i", "0.01", "-W", "1", address]);
  try {
    await waitFor("the TCP probe", () => Deno.readTextFileSync(client.log).includes("running"));
    await waitFor("the ping", () => Deno.readTextFileSync(ping.log).includes("bytes from"));
    await work();
  } finally {
    ping.process.kill("SIGINT");
    client.process.kill("SIGINT");
    await Promise.all([ping.process.status, client.process.status]);
    server.process.kill("SIGKILL");
    await server.process.status;
  }
  const tcp: TcpFigures = JSON.parse(await Deno.readTextFile(file));
  return { ping: pingFigures(await Deno.readTextFile(ping.log)), ...tcp };
}

async function listens(namespace: Namespace): Promise<void> {
  await waitFor(
    "the probe's server",
    async () => (await namespace.must(["ss", "-Hltn"])).includes(`:${PORT} `),
  );
}

function spawn(namespace: Namespace, args: readonly string[]): Running {
  return run(namespace, [Deno.execPath(), "run", "-q", "-A", `--config=${CONFIG}`, PROBE, ...args]);
}

function run({ host, name }: Namespace, argv: readonly string[]): Running {
  const log = `${host.directory}/probe-${crypto.randomUUID()}.log`;
  Deno.writeTextFileSync(log, "");
  const process = host.spawn(["nsenter", `--net=/run/netns/${name}`, "--", ...argv], {
    output: { file: log },
  });
  return { process, log };
}

/**
 * Real Consul servers on the loopback interface of this host, for tests: one or a cluster, with ACLs and TLS when asked.
 * @module
 */
import { join } from "node:path";
import { consulProgram } from "../run/consul.ts";
import { waitFor } from "./wait.ts";

const LOOPBACK = "127.0.0.1";

export interface ConsulSettings {
  /** 1 unless told. */
  readonly servers?: number;
  /** Makes ACLs deny by default, with this token as the one that may do all. */
  readonly masterToken?: string;
  /** Files in PEM format; the servers then speak HTTPS only, and ask for a client certificate of the CA. */
  readonly tls?: { readonly ca: string; readonly certificate: string; readonly key: string };
  /** The network namespace of this process, and an address there, in place of this machine's loopback. */
  readonly inside?: { readonly pid: number; readonly address: string };
}

export interface ConsulCluster {
  /** `host:port` of each server's HTTP interface. */
  readonly endpoints: readonly string[];
  /** As a power cut. */
  kill(server: number): Promise<void>;
  /** Starts again what was killed, with its data. */
  start(server: number): void;
  /** Stops it in its tracks: connections are accepted and never answered. */
  freeze(server: number): void;
  /** The number of the server that leads now, asked of all but `except`, which is dead. Only over plain HTTP on loopback. */
  leader(except?: number): Promise<number | undefined>;
  close(): Promise<void>;
}

interface Server {
  readonly http: number;
  readonly rpc: number;
  readonly serf: number;
}

/** Starts the servers and waits until they have a leader. */
export async function startConsul(settings: ConsulSettings = {}): Promise<ConsulCluster> {
  const program = await consulProgram();
  const directory = await Deno.makeTempDir({ prefix: "contiv-consul-" });
  const ports = freePorts(3 * (settings.servers ?? 1));
  const servers = Array.from({ length: settings.servers ?? 1 }, (_, i): Server => {
    const [http = 0, rpc = 0, serf = 0] = ports.slice(3 * i);
    return { http, rpc, serf };
  });
  const at = settings.inside?.address ?? LOOPBACK;
  const files = await Promise.all(
    servers.map((server, i) => configure(join(directory, String(i)), server, servers, settings)),
  );
  const start = (file: string) => spawn(program, file, settings);
  const children = files.map(start);
  const endpoints = servers.map(({ http }) => `${at}:${http}`);
  const end = async (child: Deno.ChildProcess) => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended before.
    }
    await child.status;
  };
  const cluster: ConsulCluster = {
    endpoints,
    kill: async (i) => {
      const child = children[i];
      if (child) await end(child);
    },
    start: (i) => {
      const file = files[i];
      if (file !== undefined) children[i] = start(file);
    },
    freeze: (i) => children[i]?.kill("SIGSTOP"),
    leader: async (except) => {
      for (const [i, endpoint] of endpoints.entries()) {
        if (i === except) continue;
        const response = await fetch(`http://${endpoint}/v1/status/leader`);
        const address = String(await response.json());
        const leader = servers.findIndex(({ rpc }) => address.endsWith(`:${rpc}`));
        if (leader >= 0 && leader !== except) return leader;
      }
      return undefined;
    },
    close: async () => {
      await Promise.all(children.map(end));
      await Deno.remove(directory, { recursive: true });
    },
  };
  try {
    await Promise.all(
      servers.map((_, i) => isReady(join(directory, String(i)))),
    );
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

/** Writes a server's configuration; returns the file's path. */
async function configure(
  directory: string,
  server: Server,
  servers: readonly Server[],
  settings: ConsulSettings,
): Promise<string> {
  await Deno.mkdir(directory);
  const { masterToken, tls, inside } = settings;
  const at = inside?.address ?? LOOPBACK;
  const configuration = {
    server: true,
    node_name: `server-${server.http}`,
    bootstrap_expect: servers.length,
    data_dir: join(directory, "data"),
    bind_addr: at,
    client_addr: at,
    log_file: join(directory, "consul.log"),
    log_level: "info",
    disable_update_check: true,
    performance: { raft_multiplier: 1 },
    ports: {
      http: tls ? -1 : server.http,
      https: tls ? server.http : -1,
      server: server.rpc,
      serf_lan: server.serf,
      serf_wan: -1,
      dns: -1,
      grpc: -1,
    },
    retry_join: servers.filter((each) => each !== server).map(({ serf }) => `${at}:${serf}`),
    retry_interval: "1s",
    ...(masterToken !== undefined && {
      primary_datacenter: "dc1",
      acl: { enabled: true, default_policy: "deny", tokens: { master: masterToken } },
    }),
    ...(tls && {
      ca_file: tls.ca,
      cert_file: tls.certificate,
      key_file: tls.key,
      verify_incoming_https: true,
    }),
  };
  const file = join(directory, "consul.json");
  await Deno.writeTextFile(file, JSON.stringify(configuration));
  return file;
}

/** It dies with this process. */
function spawn(program: string, file: string, { inside }: ConsulSettings): Deno.ChildProcess {
  const enter = inside ? ["nsenter", `--net=/proc/${inside.pid}/ns/net`, "--"] : [];
  return new Deno.Command("setpriv", {
    args: ["--pdeathsig", "KILL", "--", ...enter, program, "agent", "-config-file", file],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

/** Whether a leader is known stands in the log whatever the interface demands of its clients. */
async function isReady(directory: string): Promise<void> {
  await waitFor("a Consul leader", async () => {
    for await (const { name } of Deno.readDir(directory)) {
      if (!name.endsWith(".log")) continue;
      const text = await Deno.readTextFile(join(directory, name));
      if (/New leader elected|cluster leadership acquired/.test(text)) return true;
    }
    return false;
  }, 30_000);
}

/** Free for TCP and UDP a moment ago; all held at once, so that none comes twice. */
function freePorts(count: number): number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map((listener) => listener.addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}

/**
 * Real etcd clusters on loopback, for tests: each member a process with its own directory and ports, to be killed, stopped, continued
 * and started again. Members die with the process that started them.
 * @module
 */
import { join } from "node:path";
import { must } from "./command.ts";
import { Authority, type Pair } from "./certificates.ts";
import { sendSignal } from "./process_table.ts";
import { waitFor } from "./wait.ts";

export interface EtcdClusterOptions {
  /** 1 unless told. */
  readonly size?: number;
  /** TLS with client certificates, from an authority made for this cluster; the names of the servers' certificate, as openssl has them. */
  readonly tls?: readonly string[];
  /** Each member runs as a user of its own (root needed), so that packet filters can tell one's connections from another's. */
  readonly ownUsers?: boolean;
  readonly flags?: readonly string[];
  /** The network namespace of this process, and an address there, in place of this machine's loopback. */
  readonly inside?: { readonly pid: number; readonly address: string };
}

const START_DEADLINE_MS = 30_000;
const FIRST_USER = 64_100;

export class EtcdCluster {
  private constructor(
    readonly members: readonly EtcdMember[],
    /** The members' data and logs; removed by close(). */
    readonly directory: string,
    /** Of the cluster with TLS: the authority, and a client's certificate. */
    readonly tls: { readonly ca: string; readonly client: Pair } | undefined,
    /** The words that get to the members' network. */
    private readonly enter: readonly string[] = [],
  ) {}

  /** Resolves when every member serves. */
  static async start(
    { size = 1, tls, ownUsers = false, flags = [], inside }: EtcdClusterOptions = {},
  ): Promise<EtcdCluster> {
    const directory = await Deno.makeTempDir({ prefix: "contiv-etcd-" });
    const certificates = tls ? await makeCertificates(directory, tls) : undefined;
    const ports = freePorts(3 * size);
    const at = inside?.address ?? "127.0.0.1";
    const enter = inside ? ["nsenter", `--net=/proc/${inside.pid}/ns/net`, "--"] : [];
    const addresses = Array.from({ length: size }, (_, i) => ({
      name: `m${i}`,
      user: ownUsers ? FIRST_USER + i : undefined,
      client: `${at}:${ports[3 * i]}`,
      peer: `${at}:${ports[3 * i + 1]}`,
      metrics: `${at}:${ports[3 * i + 2]}`,
    }));
    const initial = addresses.map(({ name, peer }) => `${name}=http://${peer}`).join(",");
    const scheme = tls ? "https" : "http";
    const members = addresses.map(({ name, client, peer, metrics, user }) =>
      new EtcdMember(client, peer, metrics, user, join(directory, `${name}.log`), enter, [
        "etcd",
        `--name=${name}`,
        `--data-dir=${join(directory, name)}`,
        `--listen-client-urls=${scheme}://${client}`,
        `--advertise-client-urls=${scheme}://${client}`,
        `--listen-peer-urls=http://${peer}`,
        `--initial-advertise-peer-urls=http://${peer}`,
        `--listen-metrics-urls=http://${metrics}`,
        `--initial-cluster=${initial}`,
        "--logger=zap",
        ...(certificates?.flags ?? []),
        ...flags,
      ])
    );
    if (ownUsers) await Deno.chmod(directory, 0o777);
    const cluster = new EtcdCluster(members, directory, certificates, enter);
    try {
      for (const member of members) member.start();
      await cluster.serves();
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  get endpoints(): string[] {
    return this.members.map((member) => member.endpoint);
  }

  /** Resolves when every running member has a leader and answers. */
  async serves(): Promise<void> {
    await Promise.all(
      this.members.filter((member) => member.running).map((member) => member.serves()),
    );
  }

  /** Runs etcdctl (API 3) and returns what it prints. `user` is NAME:PASSWORD. */
  ctl(
    args: readonly string[],
    options: { user?: string; endpoints?: readonly string[] } = {},
  ): Promise<string> {
    const { endpoints = this.endpoints, user } = options;
    const scheme = this.tls ? "https://" : "";
    return must([
      ...this.enter,
      "etcdctl",
      `--endpoints=${endpoints.map((endpoint) => scheme + endpoint).join(",")}`,
      ...(user === undefined ? [] : [`--user=${user}`]),
      ...(this.tls
        ? [
          `--cacert=${this.tls.ca}`,
          `--cert=${this.tls.client.certificate}`,
          `--key=${this.tls.client.key}`,
        ]
        : []),
      ...args,
    ], { env: { ETCDCTL_API: "3" } });
  }

  /** The member that leads now. */
  async leader(): Promise<EtcdMember> {
    const running = this.members.filter((member) => member.running);
    return await waitFor("a leader", async () => {
      for (const member of running) {
        const endpoints = [member.endpoint];
        const text = await this.ctl(["endpoint", "status", "-w", "json"], { endpoints });
        const [{ Status }] = JSON.parse(text);
        if (Status.leader === Status.header.member_id) return member;
      }
      return undefined;
    });
  }

  /** Requires logins from now on: `root` (password root) may everything, each of `users` what its role says. */
  async enableAuth(
    users: readonly {
      readonly name: string;
      readonly password: string;
      readonly prefix?: string;
    }[],
  ): Promise<void> {
    await this.ctl(["user", "add", "root:root"]);
    await this.ctl(["user", "grant-role", "root", "root"]);
    for (const { name, password, prefix } of users) {
      await this.ctl(["user", "add", `${name}:${password}`]);
      if (prefix === undefined) continue;
      await this.ctl(["role", "add", name]);
      await this.ctl(["role", "grant-permission", name, "readwrite", "--prefix=true", prefix]);
      await this.ctl(["user", "grant-role", name, name]);
    }
    await this.ctl(["auth", "enable"]);
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    await Deno.remove(this.directory, { recursive: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

export class EtcdMember {
  #process: Deno.ChildProcess | undefined;

  constructor(
    /** Where clients connect: host:port. */
    readonly endpoint: string,
    /** Where the other members connect: host:port. */
    readonly peer: string,
    private readonly metrics: string,
    /** The user it runs as, when that is not ours. */
    readonly user: number | undefined,
    private readonly log: string,
    /** The words that get to its network. */
    private readonly enter: readonly string[],
    private readonly argv: readonly string[],
  ) {}

  get running(): boolean {
    return this.#process !== undefined;
  }

  /** The process, while it runs. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Also starts again what was killed, with its data. */
  start(): void {
    this.#process ??= new Deno.Command("setpriv", {
      args: [
        ...["--pdeathsig", "KILL"],
        ...(this.user === undefined ? [] : [`--reuid=${this.user}`, "--clear-groups"]),
        ...["--", ...this.enter, ...this.argv, `--log-outputs=${this.log}`],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  async serves(): Promise<void> {
    await waitFor(`etcd ${this.endpoint} to serve (${this.log})`, async () => {
      const url = `http://${this.metrics}/health`;
      const text = this.enter.length === 0
        ? await (await fetch(url)).text()
        : await must([...this.enter, "busybox", "wget", "-q", "-O", "-", url]);
      return text.includes('"true"');
    }, START_DEADLINE_MS);
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    if (!process) return;
    sendSignal(process.pid, "SIGKILL");
    await process.status;
  }

  /** Freezes the process: its connections stay open, and silent. */
  stop(): void {
    this.#signal("SIGSTOP");
  }

  continue(): void {
    this.#signal("SIGCONT");
  }

  #signal(signal: Deno.Signal): void {
    if (!this.#process) throw new Error(`etcd ${this.endpoint} does not run`);
    sendSignal(this.#process.pid, signal);
  }
}

/** Ports of 127.0.0.1 that nobody uses right now, all different. */
function freePorts(count: number): number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map((listener) => listener.addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}

async function makeCertificates(
  directory: string,
  names: readonly string[],
): Promise<{ ca: string; client: Pair; flags: string[] }> {
  const authority = await Authority.make(directory);
  const server = await authority.issue("server", names);
  const client = await authority.issue("client", ["DNS:client"]);
  const ca = authority.ca.certificate;
  const flags = [
    `--cert-file=${server.certificate}`,
    `--key-file=${server.key}`,
    `--trusted-ca-file=${ca}`,
    "--client-cert-auth",
  ];
  return { ca, client, flags };
}

/**
 * Docker hosts of one Contiv cluster in the lab: an underlay, an agent and an engine each, a master on the first, and an etcd beside
 * them that keeps Contiv's state and, if told so, that of engines with a cluster store.
 * @module
 */
import { join } from "node:path";
import type { CommandOutput } from "../lab/command.ts";
import type { DockerOptions } from "../lab/docker_engine.ts";
import type { Host } from "../lab/host.ts";
import { IMAGE } from "../lab/image.ts";
import type { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Contiv } from "./contiv.ts";

export interface DockerClusterOptions {
  /** More arguments for every agent. */
  readonly agent?: readonly string[];
  /** How a host's engine is started, every time; `etcd` is HOST:PORT. */
  readonly engine?: (host: Host, etcd: string) => DockerOptions;
}

export class DockerCluster {
  private constructor(
    readonly hosts: readonly DockerHost[],
    /** HOST:PORT, from every host. */
    readonly etcd: string,
  ) {}

  /** The hosts `a`, `b`, …; resolves when agents and engines answer. */
  static async start(
    lab: Lab,
    size: number,
    options: DockerClusterOptions = {},
  ): Promise<DockerCluster> {
    const outside = lab.outside();
    const etcd = `${outside.router}:2379`;
    outside.spawn([
      "etcd",
      "--enable-v2",
      `--data-dir=${join(lab.directory, "etcd")}`,
      "--listen-client-urls=http://0.0.0.0:2379",
      `--advertise-client-urls=http://${etcd}`,
      "--listen-peer-urls=http://127.0.0.1:2380",
    ], { output: { file: join(lab.directory, "etcd.log") } });
    const hosts: Host[] = [];
    for (let i = 0; i < size; i++) hosts.push(await lab.host(String.fromCharCode(97 + i)));
    const members = await Promise.all(hosts.map(async (host, i) => {
      await host.startUnderlay();
      const contiv = new Contiv(host, {
        role: i === 0 ? "up" : "plugin",
        args: [`--store=etcd://${etcd}`, ...options.agent ?? []],
      });
      const member = new DockerHost(host, contiv, options.engine?.(host, etcd));
      await Promise.all([contiv.start(), member.startEngine()]);
      return member;
    }));
    return new DockerCluster(members, etcd);
  }

  host(index: number): DockerHost {
    const host = this.hosts[index];
    if (!host) throw new Error(`the cluster has no host ${index}`);
    return host;
  }

  ctl(...argv: string[]): Promise<string> {
    return this.host(0).contiv.ctl(...argv);
  }

  /** Waits until every engine, or each of `hosts`, has exactly these networks of ours. */
  async haveNetworks(names: readonly string[], hosts = this.hosts): Promise<void> {
    const expected = [...names].sort().join();
    for (const host of hosts) {
      let had = "";
      await waitFor(
        `${host.host.name} to have the networks ${expected}`,
        async () => (had = (await host.networks()).join()) === expected,
        20_000,
      ).catch((cause) => {
        throw new Error(`${host.host.name} has ${had}: ${host.contiv.tail(1500)}`, { cause });
      });
    }
  }
}

export class DockerHost {
  constructor(
    readonly host: Host,
    readonly contiv: Contiv,
    private readonly options: DockerOptions = {},
  ) {}

  startEngine(): Promise<void> {
    return this.host.startDocker(this.options);
  }

  docker(...argv: string[]): Promise<string> {
    return this.host.must(["/usr/bin/docker", ...argv], { deadline: 60_000 });
  }

  /** Likewise, for what may fail. */
  attempt(...argv: string[]): Promise<CommandOutput> {
    return this.host.exec(["/usr/bin/docker", ...argv], { deadline: 60_000 });
  }

  run(name: string, ...argv: string[]): Promise<string> {
    return this.docker("run", "-d", "--init", "--name", name, ...argv, IMAGE, "sleep", "100000");
  }

  /** `docker network create` with both of our drivers. */
  network(...argv: string[]): Promise<string> {
    return this.docker(...NETWORK_CREATE, ...argv);
  }

  /** Names of the engine's networks of our driver, sorted. */
  async networks(): Promise<string[]> {
    const list = ["network", "ls", "--filter=driver=netplugin", "--format={{.Name}}"];
    const { stdout } = await this.attempt(...list);
    return stdout.split("\n").filter((name) => name !== "").sort();
  }

  async address(container: string): Promise<string> {
    const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    return (await this.docker("inspect", "-f", format, container)).trim();
  }

  mustReach(container: string, address: string): Promise<unknown> {
    return waitFor(
      `${container} on ${this.host.name} to reach ${address}`,
      async () =>
        (await this.attempt("exec", container, "ping", "-c", "1", "-W", "1", address)).code === 0,
      20_000,
    );
  }
}

export const NETWORK_CREATE = [
  "network",
  "create",
  "--driver=netplugin",
  "--ipam-driver=netplugin",
] as const;

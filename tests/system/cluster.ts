/**
 * A cluster in the lab: hosts with an underlay bridge each, an agent each and a master on the first, all on one store.
 * @module
 */
import { join } from "node:path";
import type { Host } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Contiv } from "./contiv.ts";
import { Namespace } from "./namespace.ts";

export interface Member {
  readonly host: Host;
  readonly agent: Contiv;
}

export interface ClusterOptions {
  /** The option that names the store; an embedded one, which the hosts share, unless told. */
  readonly store?: string;
  /** More arguments for every role. */
  readonly args?: readonly string[];
  /** More arguments for the master. */
  readonly master?: readonly string[];
  /** More arguments for a host's agent. */
  readonly agent?: (host: Host) => readonly string[];
  /** Of every role. */
  readonly env?: Readonly<Record<string, string>>;
  /** Done with a host before its agent starts. */
  readonly prepare?: (host: Host) => Promise<void>;
  /** Leaves the hosts' addresses on eth0. */
  readonly plainUnderlay?: boolean;
}

export class Cluster {
  readonly members: Member[] = [];
  private constructor(
    private readonly lab: Lab,
    readonly master: Contiv,
    /** The option that names the store. */
    readonly store: string,
    private readonly options: ClusterOptions,
  ) {}

  /** The hosts `a`, `b`, …; the master runs on `a`. */
  static async start(lab: Lab, size: number, options: ClusterOptions = {}): Promise<Cluster> {
    // Lab hosts share the machine's files, and the embedded store serves several processes.
    const store = options.store ?? `--store=embedded://${join(lab.directory, "store.db")}`;
    const args = [store, ...options.args ?? []];
    const first = await Cluster.#host(lab, 0, options);
    const master = new Contiv(first, {
      role: "master",
      args: [...args, ...options.master ?? []],
      log: "master.log",
      ...(options.env && { env: options.env }),
    });
    master.launch();
    const cluster = new Cluster(lab, master, store, options);
    await cluster.#join(first);
    while (cluster.members.length < size) await cluster.add();
    return cluster;
  }

  /** One host more. */
  async add(): Promise<Member> {
    return await this.#join(await Cluster.#host(this.lab, this.members.length, this.options));
  }

  member(index: number): Member {
    const member = this.members[index];
    if (!member) throw new Error(`the cluster has no host ${index}`);
    return member;
  }

  ctl(...argv: string[]): Promise<string> {
    return this.member(0).agent.ctl(...argv);
  }

  /** A namespace on a host, attached. */
  async attach(index: number, name: string, ...argv: string[]): Promise<Namespace> {
    const { host, agent } = this.member(index);
    const namespace = await Namespace.create(host, name);
    await agent.ctl("endpoint", "attach", `--netns=${name}`, ...argv);
    return namespace;
  }

  static async #host(lab: Lab, index: number, options: ClusterOptions): Promise<Host> {
    const host = await lab.host(String.fromCharCode("a".charCodeAt(0) + index));
    await (options.plainUnderlay ? host.startOvs() : host.startUnderlay());
    await options.prepare?.(host);
    return host;
  }

  async #join(host: Host): Promise<Member> {
    const agent = await Contiv.start(host, {
      role: "plugin",
      args: [
        this.store,
        "--plugin-socket=none",
        ...this.options.args ?? [],
        ...this.options.agent?.(host) ?? [],
      ],
      ...(this.options.env && { env: this.options.env }),
    });
    const member = { host, agent };
    this.members.push(member);
    return member;
  }
}

/** Flows of ours on a host's bridge, without what changes by itself. */
export async function flowsOf(host: Host): Promise<string[]> {
  const dump = await host.must([
    "ovs-ofctl",
    "-O",
    "OpenFlow15",
    "--no-stats",
    "dump-flows",
    "contiv0",
  ]);
  return dump.split("\n").filter((line) => line.includes("actions=")).sort();
}

/** Waits until no flow of the host mentions `text`. */
export async function forgets(host: Host, text: string): Promise<void> {
  await waitFor(
    `${host.name} to forget ${text}`,
    async () => !(await flowsOf(host)).some((line) => line.includes(text)),
    5_000,
  );
}

/**
 * The cluster that faults are done to: three hosts with an agent each, masters on the first two, three etcd members beyond all of them, and a
 * container on each host.
 * @module
 */
import assert from "node:assert/strict";
import { EtcdCluster } from "../lab/etcd.ts";
import type { Host } from "../lab/host.ts";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { disagreements } from "../system/chaos/agreement.ts";
import { Calls } from "../system/chaos/calls.ts";
import { Contiv } from "../system/contiv.ts";
import { Namespace } from "../system/namespace.ts";
import { agentCall } from "./agent_call.ts";
import { etcdReader } from "./etcd_reader.ts";

export interface FaultOptions {
  /** Flags for every etcd member. */
  readonly etcd?: readonly string[];
  /** Arguments for the masters. */
  readonly master?: readonly string[];
  /** Where a host's agent finds its store, in place of etcd's own addresses. */
  readonly endpoints?: (host: Host, endpoints: readonly string[]) => Promise<readonly string[]>;
  /** The environment of a host's agent and master. */
  readonly env?: (host: Host) => Readonly<Record<string, string>>;
}

export interface FaultHost {
  readonly host: Host;
  readonly agent: Contiv;
  readonly calls: Calls;
  /** A container, attached under its namespace's name, which is unique in the cluster. */
  readonly box: Namespace;
  readonly address: string;
}

const HOSTS = ["a", "b", "c"];
const MASTERS = ["a", "b"];

export class FaultCluster {
  readonly #stack = new AsyncDisposableStack();
  readonly hosts: FaultHost[] = [];
  readonly masters: Contiv[] = [];

  private constructor(readonly lab: Lab, readonly etcd: EtcdCluster) {
    this.#stack.use(lab);
    this.#stack.use(etcd);
  }

  static async start(name: string, options: FaultOptions = {}): Promise<FaultCluster> {
    const lab = await Lab.create({ name });
    const { pid, router } = lab.outside();
    const etcd = await EtcdCluster.start({
      size: 3,
      inside: { pid, address: router },
      flags: options.etcd ?? [],
    });
    const cluster = new FaultCluster(lab, etcd);
    try {
      await cluster.#start(options);
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  at(index: number): FaultHost {
    const found = this.hosts[index];
    if (!found) throw new Error(`the cluster has no host ${index}`);
    return found;
  }

  master(index: number): Contiv {
    const found = this.masters[index];
    if (!found) throw new Error(`the cluster has no master ${index}`);
    return found;
  }

  /** A container of one host and a container of another. */
  between(from: number, to: number): { from: Namespace; to: Namespace; address: string } {
    return { from: this.at(from).box, to: this.at(to).box, address: this.at(to).address };
  }

  /** Fails unless store, ports and flows say the same on all hosts, soon. */
  async agrees(hosts: readonly FaultHost[] = this.hosts): Promise<void> {
    const store = etcdReader(this.etcd);
    for (const { host } of hosts) {
      let found: string[] = [];
      await waitFor(`host ${host.name} to agree with the store`, async () => {
        found = await disagreements(host, store);
        return found.length === 0;
      }, 15_000).catch((cause) => {
        throw new Error(found.slice(0, 10).join("\n"), { cause });
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #start(options: FaultOptions): Promise<void> {
    const hosts = await Promise.all(HOSTS.map((name) => this.lab.host(name)));
    await Promise.all(hosts.map((host) => host.startUnderlay()));
    const stores = await Promise.all(hosts.map(async (host) => {
      const endpoints = await options.endpoints?.(host, this.etcd.endpoints);
      return `--etcd=${(endpoints ?? this.etcd.endpoints).join(",")}`;
    }));
    const own = `--etcd=${this.etcd.endpoints.join(",")}`;
    for (const host of hosts.filter(({ name }) => MASTERS.includes(name))) {
      const listen = ["--external-address=:9999", "--leader-ttl=4"];
      const args = [own, ...listen, ...options.master ?? []];
      const env = options.env && { env: options.env(host) };
      this.masters.push(new Contiv(host, { role: "master", args, log: "master.log", ...env }));
    }
    for (const master of this.masters) master.launch();
    const agents = hosts.map((host, at) =>
      new Contiv(host, {
        role: "plugin",
        args: [stores[at] ?? own, "--plugin-socket=none"],
        ...(options.env && { env: options.env(host) }),
      })
    );
    for (const agent of agents) agent.launch();
    for (const agent of agents) await agent.ready(60_000);
    for (const [at, agent] of agents.entries()) {
      const calls = Calls.open(agent.host);
      this.#stack.defer(() => calls.close());
      if (at === 0) await makeNetwork(calls);
      this.hosts.push(await withBox(agent, calls));
    }
    for (const { address } of this.hosts) await this.at(0).box.mustReach(address);
  }
}

async function makeNetwork(calls: Calls): Promise<void> {
  const body = {
    tenantName: "default",
    networkName: "net",
    encap: "vxlan",
    subnet: "10.1.0.0/16",
    gateway: "10.1.255.254",
  };
  await waitFor(
    "the network",
    async () => (await calls.put("networks/default:net", body)).status === 200,
    60_000,
  );
}

async function withBox(agent: Contiv, calls: Calls): Promise<FaultHost> {
  const { host } = agent;
  const box = await Namespace.create(host, `box${host.name}`);
  const address = await waitFor(`a container on ${host.name}`, () => attach(host, box.name));
  return { host, agent, calls, box, address };
}

/** Attaches a namespace; returns its address. Throws what the agent said when that was refused. */
export async function attach(host: Host, netns: string): Promise<string> {
  const { status, text } = await agentCall(host, "POST", "/v1/endpoints", {
    netns,
    network: "net",
  });
  if (status !== 200) throw new Error(`${status} ${text}`);
  const { endpoint } = JSON.parse(text);
  assert.equal(typeof endpoint.ipAddress, "string", text);
  return endpoint.ipAddress;
}

/**
 * The three hosts of the pipeline's cluster example, each a private Open vSwitch in a network namespace, joined by a bridge in a namespace
 * of its own. In the userspace datapath a tunnel leaves by an interface of a bridge that holds the tunnel address: "underlay".
 * @module
 */
import type { PipelineHost } from "../../mod/pipeline/input.ts";
import {
  type HostName,
  hostPipeline,
  HOSTS,
  PLACED,
  type Placed,
  TUNNEL_PORT,
} from "../../mod/pipeline/testing/cluster.ts";
import { type CommandOutput, must, run } from "../lab/command.ts";
import { waitFor } from "../lab/wait.ts";
import { BRIDGE, PipelineLab, turnOffChecksumOffload } from "./pipeline_lab.ts";

export interface Underlay {
  readonly vteps: Readonly<Record<HostName, string>>;
  readonly prefixLength: number;
  readonly udpPort: number;
}

export const UNDERLAY4: Underlay = {
  vteps: { one: "192.0.2.1", two: "192.0.2.2", three: "192.0.2.3" },
  prefixLength: 24,
  udpPort: 4789,
};
export const UNDERLAY6: Underlay = {
  vteps: { one: "fd00:9::1", two: "fd00:9::2", three: "fd00:9::3" },
  prefixLength: 64,
  udpPort: 4790,
};
/** Leaves room for the outer headers of either family in 1500 bytes. */
const MTU = 1400;

export class ClusterLab implements AsyncDisposable {
  readonly #fabric = `cvfab-${crypto.randomUUID().slice(0, 8)}`;
  readonly #hosts = new Map<HostName, PipelineLab>();

  private constructor(readonly underlay: Underlay) {}

  static async start(host: PipelineHost, underlay: Underlay): Promise<ClusterLab> {
    const lab = new ClusterLab(underlay);
    try {
      await must(["ip", "netns", "add", lab.#fabric]);
      await must(["ip", "-n", lab.#fabric, "link", "add", "fabric", "up", "type", "bridge"]);
      for (const name of HOSTS) await lab.#addHost(name);
      await lab.#meet();
      await lab.program(host);
      for (const placed of PLACED) await lab.#attach(placed, host);
      return lab;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  host(name: HostName): PipelineLab {
    const host = this.#hosts.get(name);
    if (!host) throw new Error(`no host ${name} in this lab`);
    return host;
  }

  /** Gives every host the flows and groups of this mode in place of what it had. */
  async program(host: PipelineHost): Promise<void> {
    for (const name of HOSTS) await this.programHost(name, host);
  }

  async programHost(
    name: HostName,
    host: PipelineHost,
    strangers: readonly HostName[] = [],
  ): Promise<void> {
    const lab = this.host(name);
    const { flows, groups } = hostPipeline(name, host, this.underlay.vteps, strangers);
    await lab.ovs.ofctl("del-flows", BRIDGE);
    await lab.ovs.ofctl("del-groups", BRIDGE);
    await lab.addGroups(groups);
    await lab.addFlows(flows);
  }

  namespaceOf({ endpoint, host }: Placed): string {
    return this.host(host).namespaceOf(endpoint);
  }

  /** Runs a command in the endpoint's namespace, whatever its exit code. */
  run({ endpoint, host }: Placed, argv: readonly string[]): Promise<CommandOutput> {
    return this.host(host).run(endpoint, argv);
  }

  must({ endpoint, host }: Placed, argv: readonly string[]): Promise<string> {
    return this.host(host).must(endpoint, argv);
  }

  async #addHost(name: HostName): Promise<void> {
    const lab = await PipelineLab.startSwitch([]);
    this.#hosts.set(name, lab);
    const { namespace } = lab.ovs;
    await must([
      ...["ip", "-n", namespace, "link", "add", "wire", "type", "veth"],
      ...["peer", "name", name, "netns", this.#fabric],
    ]);
    await turnOffChecksumOffload(namespace, "wire");
    await must(["ip", "-n", namespace, "link", "set", "wire", "up"]);
    await must(["ip", "-n", this.#fabric, "link", "set", name, "master", "fabric", "up"]);
    await lab.ovs.vsctl(
      ...["add-br", "underlay", "--", "set", "bridge", "underlay", "datapath_type=netdev"],
      ...["--", "add-port", "underlay", "wire"],
    );
    const address = this.underlay.vteps[name];
    const nodad = address.includes(":") ? ["nodad"] : [];
    const prefix = `${address}/${this.underlay.prefixLength}`;
    await lab.must("host", ["ip", "address", "add", prefix, "dev", "underlay", ...nodad]);
    await lab.must("host", ["ip", "link", "set", "underlay", "up"]);
    await lab.ovs.vsctl(
      ...["add-port", BRIDGE, "vxlan", "--", "set", "interface", "vxlan", "type=vxlan"],
      ...["options:remote_ip=flow", "options:key=flow", `options:local_ip="${address}"`],
      ...[`options:dst_port=${this.underlay.udpPort}`, `ofport_request=${TUNNEL_PORT}`],
    );
  }

  /** The userspace datapath drops what it has no link-layer address for, and asks; it learns from any answer that passes. */
  async #meet(): Promise<void> {
    for (const name of HOSTS) {
      for (const other of HOSTS) {
        const ping = ["ping", "-n", "-c1", "-W1", this.underlay.vteps[other]];
        await waitFor(
          `${name} to reach ${other}`,
          async () => (await this.host(name).run("host", ping)).code === 0,
        );
      }
    }
  }

  async #attach(placed: Placed, { forwarding }: PipelineHost): Promise<void> {
    const { endpoint, network, host } = placed;
    const gateways = forwarding === "bridge" ? [] : [network.gateway, network.gateway6];
    await this.host(host).attach(endpoint, gateways);
    await this.must(placed, ["ip", "link", "set", "eth0", "mtu", `${MTU}`]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const host of this.#hosts.values()) await host[Symbol.asyncDispose]();
    await run(["ip", "netns", "delete", this.#fabric]);
  }
}

/**
 * A host in miniature: a private Open vSwitch with the example's flows, contivh0, a network namespace for each endpoint and one for the
 * outside world. Needs root, openvswitch-switch, iproute2 and iptables.
 * @module
 */
import { type PrivateOvs, startPrivateOvs } from "../../drivers/ovs/testing/private_ovs.ts";
import { OwnNamespace } from "../../drivers/linux/namespace.ts";
import { OffloadSocket } from "../../drivers/linux/offload.ts";
import { type Flow, formatFlow } from "../../mod/pipeline/flow.ts";
import { formatGroup, type Group } from "../../mod/pipeline/group.ts";
import type { PipelineEndpoint } from "../../mod/pipeline/input.ts";
import { type CommandOutput, must, run } from "../lab/command.ts";
import { ACCESS, ENDPOINTS, exampleFlows } from "../../mod/pipeline/testing/example.ts";

export const BRIDGE = "contiv0";
export const OUTSIDE = { address: "192.0.2.9", address6: "2001:db8:ffff::9" } as const;
const UPLINK = { address: "192.0.2.1", address6: "2001:db8:ffff::1" } as const;

export class PipelineLab implements AsyncDisposable {
  readonly #namespaces: string[] = [];

  private constructor(readonly ovs: PrivateOvs) {}

  /** A switch with these flows, and nothing attached. */
  static async startSwitch(
    flows: readonly Flow[],
    groups: readonly Group[] = [],
  ): Promise<PipelineLab> {
    const lab = new PipelineLab(await startPrivateOvs());
    try {
      const bridge = ["set", "bridge", BRIDGE, "datapath_type=netdev", "fail_mode=secure"];
      await lab.ovs.vsctl("add-br", BRIDGE, "--", ...bridge);
      await lab.addGroups(groups);
      await lab.addFlows(flows);
      return lab;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The switch, with contivh0, every endpoint of the example and the outside attached. */
  static async start(): Promise<PipelineLab> {
    const lab = await PipelineLab.startSwitch(exampleFlows());
    try {
      await lab.#attachHost();
      for (const [endpoint, network] of ENDPOINTS) {
        await lab.attach(endpoint, [network.gateway, network.gateway6]);
      }
      await lab.#attachOutside();
      return lab;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  async addFlows(flows: readonly Flow[]): Promise<void> {
    await must(
      ["ovs-ofctl", "-O", "OpenFlow15", "--bundle", "add-flows", BRIDGE, "-"],
      { stdin: flows.map(formatFlow).join("\n") + "\n", env: this.ovs.environment },
    );
  }

  async addGroups(groups: readonly Group[]): Promise<void> {
    await must(
      ["ovs-ofctl", "-O", "OpenFlow15", "add-groups", BRIDGE, "-"],
      {
        stdin: groups.map((group) => formatGroup(group)).join("\n") + "\n",
        env: this.ovs.environment,
      },
    );
  }

  /** The endpoint's namespace; "outside": the world's; undefined: the host's own. */
  namespaceOf(where: PipelineEndpoint | "outside" | "host"): string {
    if (where === "host") return this.ovs.namespace;
    return `${this.ovs.namespace}-${where === "outside" ? "out" : where.id}`;
  }

  /** Runs a command where told, whatever its exit code. */
  run(
    where: PipelineEndpoint | "outside" | "host",
    argv: readonly string[],
  ): Promise<CommandOutput> {
    return run(["ip", "netns", "exec", this.namespaceOf(where), ...argv]);
  }

  async must(
    where: PipelineEndpoint | "outside" | "host",
    argv: readonly string[],
  ): Promise<string> {
    return await must(["ip", "netns", "exec", this.namespaceOf(where), ...argv]);
  }

  /** `ovs-appctl` to this switch's daemon. */
  appctl(...args: readonly string[]): Promise<string> {
    return this.ovs.exec("ovs-appctl", "-t", `${this.ovs.directory}/ovs-vswitchd.ctl`, ...args);
  }

  /** Packets that the flows of one table, whose dump line contains `part`, have seen until now. */
  async packets(table: number, part: string): Promise<number> {
    // Counters of flows lag behind the datapath's by up to half a second; this collects them.
    await this.appctl("revalidator/purge");
    const dump = await this.ovs.ofctl("dump-flows", BRIDGE, `table=${table}`);
    return dump.split("\n").filter((line) => line.includes(part))
      .reduce((sum, line) => sum + Number(/n_packets=(\d+)/.exec(line)?.[1] ?? 0), 0);
  }

  async #attachHost(): Promise<void> {
    await this.ovs.vsctl(
      ...["add-port", BRIDGE, "contivh0", "--", "set", "interface", "contivh0", "type=internal"],
      ...[`ofport_request=${ACCESS.port}`, `mac="${ACCESS.mac}"`],
    );
    await this.must("host", ["ip", "link", "set", "contivh0", "address", ACCESS.mac, "up"]);
    for (const address of [`${ACCESS.address}/16`, `${ACCESS.address6}/64`]) {
      await this.#address("host", "contivh0", address);
    }
    await this.must("host", [
      "sysctl",
      "-qw",
      "net.ipv4.ip_forward=1",
      "net.ipv6.conf.all.forwarding=1",
    ]);
    for (
      const [tool, subnet] of [["iptables", "172.19.0.0/16"], ["ip6tables", "fdc0:171f:ac13::/64"]]
    ) {
      const rule = ["-t", "nat", "-A", "POSTROUTING", "-s", `${subnet}`, "!", "-o", "contivh0"];
      await this.must("host", [`${tool}`, ...rule, "-j", "MASQUERADE"]);
    }
  }

  /** Gives the endpoint a namespace with an eth0 that is plugged into its port, and default routes by these gateways. */
  async attach(
    endpoint: PipelineEndpoint,
    gateways: readonly (string | undefined)[],
  ): Promise<void> {
    const hostLink = `vvport${endpoint.port}`;
    await this.#pair(endpoint, hostLink);
    await this.must(endpoint, ["ip", "link", "set", "eth0", "address", endpoint.mac, "up"]);
    await this.#address(endpoint, "eth0", `${endpoint.address}/24`);
    await this.#address(endpoint, "eth0", `${endpoint.address6}/64`);
    for (const gateway of gateways) {
      await this.must(endpoint, ["ip", "route", "add", "default", "via", `${gateway}`]);
    }
    await this.ovs.vsctl(
      ...["add-port", BRIDGE, hostLink, "--", "set", "interface", hostLink],
      `ofport_request=${endpoint.port}`,
    );
  }

  async #attachOutside(): Promise<void> {
    await this.#pair("outside", "uplink");
    await this.must("outside", ["ip", "link", "set", "eth0", "up"]);
    await this.#address("outside", "eth0", `${OUTSIDE.address}/24`);
    await this.#address("outside", "eth0", `${OUTSIDE.address6}/64`);
    await this.#address("host", "uplink", `${UPLINK.address}/24`);
    await this.#address("host", "uplink", `${UPLINK.address6}/64`);
  }

  /** A veth pair: `hostLink` in the host, eth0 in a new namespace, both without transmit checksum offload. */
  async #pair(where: PipelineEndpoint | "outside", hostLink: string): Promise<void> {
    const namespace = this.namespaceOf(where);
    await must(["ip", "netns", "add", namespace]);
    this.#namespaces.push(namespace);
    const host = this.namespaceOf("host");
    await must([
      ...["ip", "-n", host, "link", "add", hostLink, "type", "veth"],
      ...["peer", "name", "eth0", "netns", namespace],
    ]);
    await turnOffChecksumOffload(namespace, "eth0");
    await turnOffChecksumOffload(host, hostLink);
    await must(["ip", "-n", host, "link", "set", hostLink, "up"]);
    await must(["ip", "-n", namespace, "link", "set", "lo", "up"]);
  }

  /** Without duplicate address detection, whose second of waiting no test needs; the tests that do need it ask for it. */
  async #address(
    where: PipelineEndpoint | "outside" | "host",
    link: string,
    address: string,
  ): Promise<void> {
    const nodad = address.includes(":") ? ["nodad"] : [];
    await this.must(where, ["ip", "address", "add", address, "dev", link, ...nodad]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const namespace of this.#namespaces) await run(["ip", "netns", "delete", namespace]);
    await this.ovs.stop();
  }
}

export async function turnOffChecksumOffload(namespace: string, link: string): Promise<void> {
  const own = new OwnNamespace();
  const entered = own.open(`/run/netns/${namespace}`);
  const socket = entered.enter(() => new OffloadSocket());
  try {
    await socket.setTransmitChecksum(link, false);
  } finally {
    socket.close();
    entered.close();
    own.close();
  }
}

/**
 * A physical switch of the lab that forwards frames with any VLAN tag: an Open vSwitch bridge in a host of its own, to which hosts get second
 * network cards, and a machine of the VLANs that is none of ours.
 * @module
 */
import { must } from "../lab/command.ts";
import type { Host } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import type { Member } from "./cluster.ts";
import { Namespace } from "./namespace.ts";

const BRIDGE = "fabric";

export class PhysicalSwitch {
  private constructor(readonly host: Host) {}

  static async start(lab: Lab): Promise<PhysicalSwitch> {
    const host = await lab.host("fabric");
    await host.startOvs();
    await host.must([
      ...["ovs-vsctl", "--timeout=10", "add-br", BRIDGE],
      ...["--", "set", "bridge", BRIDGE, "datapath_type=netdev"],
    ]);
    return new PhysicalSwitch(host);
  }

  /** Gives `to` the network card `name`, without an address; returns its other end, which is in no port of the switch yet. */
  async cable(to: Host, name: string): Promise<string> {
    const end = `${to.name}-${name}`;
    await must([
      ...["ip", "link", "add", "name", name, "netns", `${to.pid}`, "type", "veth"],
      ...["peer", "name", end, "netns", `${this.host.pid}`],
    ]);
    for (const [host, link] of [[to, name], [this.host, end]] as const) {
      // The userspace datapath hands on checksums as they are: none may be left for hardware to fill in.
      await host.must(["ethtool", "-K", link, "tx", "off"]);
      await host.ip([`link set ${link} up`]);
    }
    return end;
  }

  /** A trunk port. */
  async plug(end: string): Promise<void> {
    await this.vsctl("add-port", BRIDGE, end);
  }

  /** Several ends as one, with LACP. */
  async bond(name: string, ends: readonly string[]): Promise<void> {
    await this.vsctl("add-bond", BRIDGE, name, ...ends, "lacp=active", "bond_mode=balance-tcp");
  }

  /** A machine with an address, on an access port of a VLAN. */
  async machine(name: string, vlan: number, prefix: string): Promise<Namespace> {
    const machine = await Namespace.create(this.host, name);
    const end = `to-${name}`;
    await this.host.ip([`link add ${end} type veth peer name eth0 netns ${name}`]);
    await this.host.must(["ethtool", "-K", end, "tx", "off"]);
    await machine.must(["ethtool", "-K", "eth0", "tx", "off"]);
    await this.host.ip([`link set ${end} up`]);
    await machine.must(["ip", "address", "add", prefix, "dev", "eth0"]);
    await machine.must(["ip", "link", "set", "eth0", "up"]);
    await this.vsctl("add-port", BRIDGE, end, `tag=${vlan}`);
    return machine;
  }

  vsctl(...argv: string[]): Promise<string> {
    return this.host.must(["ovs-vsctl", "--timeout=10", ...argv]);
  }
}

/** What the agent of a host says of it. */
export async function healthOf({ host }: Member): Promise<Record<string, unknown>> {
  const client = Deno.createHttpClient({
    proxy: { transport: "unix", path: host.path("/run/contiv/agent.sock") },
  });
  try {
    return await (await fetch("http://localhost/healthz", { client })).json();
  } finally {
    client.close();
  }
}

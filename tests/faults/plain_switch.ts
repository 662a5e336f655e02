/**
 * Plain Open vSwitch between two hosts, to compare with: on each a bridge with one NORMAL flow, a tunnel to the other and one container.
 * @module
 */
import type { Host } from "../lab/host.ts";
import { Namespace } from "../system/namespace.ts";
import type { Target } from "./probes.ts";

const BRIDGE = "plain0";
/** Not Contiv's. */
const PORT = 4799;

/** Makes both sides; they stay until the lab ends. */
export async function plainSwitches(a: Host, b: Host): Promise<Target> {
  const from = await side(a, b, "192.168.7.1");
  const to = await side(b, a, "192.168.7.2");
  await from.mustReach("192.168.7.2");
  return { from, to, address: "192.168.7.2" };
}

async function side(here: Host, there: Host, address: string): Promise<Namespace> {
  const namespace = await Namespace.create(here, "plain");
  await here.ip([
    "link add plainport type veth peer name eth0 mtu 1450 netns plain",
    "link set plainport mtu 1450 up",
  ]);
  await namespace.must(["ip", "address", "add", `${address}/24`, "dev", "eth0"]);
  await namespace.must(["ip", "link", "set", "eth0", "up"]);
  await namespace.must(["ethtool", "-K", "eth0", "tx", "off"]);
  await here.must([
    "ovs-vsctl",
    ...["add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=netdev"],
    ...["--", "add-port", BRIDGE, "plainport", "--", "add-port", BRIDGE, "plainvxlan"],
    ...["--", "set", "interface", "plainvxlan", "type=vxlan"],
    ...[`options:remote_ip=${there.address}`, "options:key=7", `options:dst_port=${PORT}`],
  ]);
  return namespace;
}

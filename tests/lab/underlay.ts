/**
 * The underlay of a lab host as the userspace datapath needs it: a bridge of Open vSwitch's own that carries eth0 and has the host's
 * addresses. The kernel's MAC and routes go along, so that neighbours notice nothing.
 * @module
 */
import type { LabNode } from "./node.ts";

export const UNDERLAY_BRIDGE = "br-underlay";

interface Addresses {
  readonly address: string;
  readonly address6: string;
  readonly length: number;
  readonly length6: number;
  readonly router: string;
  readonly router6: string;
}

/** Open vSwitch must run. Repeating it does nothing more. */
export async function startUnderlay(node: LabNode, at: Addresses): Promise<void> {
  if ((await node.exec(["ovs-vsctl", "br-exists", UNDERLAY_BRIDGE])).code === 0) return;
  const mac = (await node.must(["cat", "/sys/class/net/eth0/address"])).trim();
  await node.must([
    "ovs-vsctl",
    "--timeout=10",
    "add-br",
    UNDERLAY_BRIDGE,
    "--",
    "set",
    "bridge",
    UNDERLAY_BRIDGE,
    "datapath_type=netdev",
    `other_config:hwaddr=\"${mac}\"`,
    "--",
    "add-port",
    UNDERLAY_BRIDGE,
    "eth0",
  ]);
  // The userspace datapath hands on checksums as they are: none may be left for hardware to fill in.
  await node.must(["ethtool", "-K", "eth0", "tx", "off"]);
  await node.ip([
    "address flush dev eth0 scope global",
    `address add ${at.address}/${at.length} dev ${UNDERLAY_BRIDGE}`,
    `address add ${at.address6}/${at.length6} dev ${UNDERLAY_BRIDGE} nodad`,
    `link set ${UNDERLAY_BRIDGE} up`,
    `route replace default via ${at.router}`,
    `route replace default via ${at.router6} dev ${UNDERLAY_BRIDGE}`,
  ]);
}

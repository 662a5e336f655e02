/**
 * Whether tunnels can work at all with the underlay as it is. Pure; says what to do, and changes nothing: the host's own address is its
 * administrator's.
 * @module
 */
import type { HostFacts } from "./host_facts.ts";
import type { Underlay } from "./kernel.ts";

/** What keeps tunnels from working, and the commands that help; undefined: nothing is known to. */
export function underlayTrouble(
  { datapath, vtepAddress }: Pick<HostFacts, "datapath" | "vtepAddress">,
  { link, kind }: Underlay,
): string | undefined {
  if (link === undefined) {
    return `No link of this host has the VTEP address ${vtepAddress}, so that nothing can be tunnelled: name one that it has (--vtep-ip)`;
  }
  if (datapath === "system" || kind === "tun") return undefined;
  return `The userspace datapath can tunnel only through a bridge of Open vSwitch's that has the VTEP address, and ${vtepAddress} is on ` +
    `${link}, which is none: containers reach those of other hosts after ` +
    `\`ovs-vsctl add-br br-underlay -- set bridge br-underlay datapath_type=netdev other_config:hwaddr=\\"$(cat /sys/class/net/${link}/address)\\" -- add-port br-underlay ${link}\` and moving ${link}'s ` +
    `addresses and routes to br-underlay (from the console: the host is off the network meanwhile), or with the kernel module ` +
    "(`modprobe openvswitch`)";
}

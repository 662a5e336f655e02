/**
 * Interfaces that the switch has made for the host itself: addresses in infra networks.
 * @module
 */
import { type HostLinkSpec, KernelError } from "../../mod/agent/kernel.ts";
import { parseInterfaceAddress } from "./address.ts";
import { setAddresses, setLink } from "./host_access.ts";
import { findLink } from "./link.ts";
import { checkLinkName, checkMtu, macBytes } from "./names.ts";
import type { NetlinkSocket } from "./netlink/socket.ts";
import { ensureSysctl, hasIPv6 } from "./sysctl.ts";

/** See Kernel.ensureHostLink. */
export async function ensureHostLink(spec: HostLinkSpec, socket: NetlinkSocket): Promise<void> {
  macBytes(spec.mac);
  checkMtu(spec.mtu);
  const link = await findLink(socket, checkLinkName(spec.name));
  if (!link) {
    throw new KernelError(
      "not-found",
      `cannot give this host its address in network ${spec.name}: there is no link ${spec.name}; the switch makes it, see: ovs-vsctl show`,
    );
  }
  const ipv6 = hasIPv6();
  // Systems with IPv6 off by default for new links would drop the addresses.
  if (ipv6) ensureSysctl(`net/ipv6/conf/${spec.name}/disable_ipv6`, "0");
  await setLink(spec, link, socket);
  const addresses = spec.addresses.map(parseInterfaceAddress)
    .filter(({ address }) => address.family === 4 || ipv6);
  await setAddresses(link, addresses, socket);
}

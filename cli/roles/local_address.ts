/**
 * The host's own address, when nobody says which: the first IPv4 address, else the first global IPv6 one, on a link that is neither
 * loopback, nor a container's, nor ours.
 * @module
 */
export interface InterfaceAddress {
  readonly name: string;
  readonly family: "IPv4" | "IPv6";
  readonly address: string;
}

/** Docker's bridges are `br-` and twelve digits of the network's id; other bridges (br-ex, br0) may well carry the host's address. */
const NOT_THE_HOSTS = /^(lo$|docker|br-[0-9a-f]{12}$|veth|vport|vvport|contiv|ovs-|cni|virbr)/;

/** Loopback when there is nothing else: a machine without a network still serves itself. */
export function localAddress(addresses: readonly InterfaceAddress[]): string {
  const own = addresses.filter(({ name, address }) =>
    !NOT_THE_HOSTS.test(name) && !/^fe80:/i.test(address)
  );
  const found = own.find(({ family }) => family === "IPv4") ?? own[0];
  return found?.address ?? "127.0.0.1";
}

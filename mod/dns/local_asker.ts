/**
 * Who may ask the name server: this host and what runs on it. Linux takes packets for contivh0's address from any link, so that without
 * this the neighbours of the host could use it as their resolver, or somebody else's as a lever.
 * @module
 */
import { formatAddress, parseAddress } from "../net/address.ts";
import { parsePrefix, prefixContains } from "../net/prefix.ts";

export interface HostInterface {
  readonly name: string;
  readonly address: string;
  /** `address/length` */
  readonly cidr: string;
}

/** Docker's own bridges: docker0, docker_gwbridge, and br- with a network's id. */
const CONTAINER_BRIDGE = /^(docker|br-)/;

/** An address of the host itself, or one beside it on a bridge of Docker's, or in `subnets` (the host-private ones). */
export function isLocalAsker(
  text: string,
  interfaces: readonly HostInterface[],
  subnets: readonly string[],
): boolean {
  const address = parseAddress(text);
  if (!address) return false;
  const canonical = formatAddress(address);
  const bridged = interfaces.filter(({ name }) => CONTAINER_BRIDGE.test(name));
  return interfaces.some((own) => own.address === canonical) ||
    [...bridged.map(({ cidr }) => cidr), ...subnets].some((subnet) => {
      const prefix = parsePrefix(subnet);
      return prefix !== undefined && prefixContains(prefix, address);
    });
}

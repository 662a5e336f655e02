/**
 * What is wanted of an endpoint link, checked and parsed before anything is done.
 * @module
 */
import { type EndpointLinkSpec, KernelError } from "../../mod/agent/kernel.ts";
import type { Address } from "../../mod/net/address.ts";
import { parseMac } from "../../mod/net/mac.ts";
import { type InterfaceAddress, parseInterfaceAddress } from "./address.ts";
import type { Link, LinkChange } from "./link.ts";
import { checkAlias, checkLinkName, checkMtu, macBytes } from "./names.ts";
import { parseGateway } from "./route.ts";

/** A checked EndpointLinkSpec. */
export interface Plan {
  readonly spec: EndpointLinkSpec;
  /** The peer's, six bytes. */
  readonly mac: readonly number[];
  readonly addresses: readonly InterfaceAddress[];
  readonly gateways: readonly Address[];
}

/** Throws KernelError "invalid". */
export function planOf(spec: EndpointLinkSpec): Plan {
  const { hostLink, alias, mtu, peer } = spec;
  checkLinkName(hostLink);
  checkLinkName(peer.name);
  checkAlias(alias);
  checkMtu(mtu);
  const addresses = (peer.addresses ?? []).map(parseInterfaceAddress);
  const gateways = (peer.gateways ?? []).map(parseGateway);
  const invalid = (why: string) =>
    new KernelError("invalid", `cannot create endpoint link ${hostLink}: ${why}`);
  if (peer.namespace === undefined && addresses.length + gateways.length > 0) {
    throw invalid("addresses and gateways need the peer's namespace");
  }
  if (new Set(gateways.map((gateway) => gateway.family)).size < gateways.length) {
    throw invalid("more than one gateway of a family");
  }
  if (hostLink === peer.name && peer.namespace === undefined) {
    throw invalid("both ends have one name");
  }
  return { spec, mac: macBytes(peer.mac), addresses, gateways };
}

/** What is to be changed of the far end as it is, to be as planned; its state (up, down) aside. */
export function peerChange({ spec, mac }: Plan, peer: Link): LinkChange {
  return {
    alias: spec.alias,
    ...(peer.name === spec.peer.name ? {} : { name: spec.peer.name }),
    ...(peer.mac === parseMac(spec.peer.mac) ? {} : { mac }),
    ...(peer.mtu === spec.mtu ? {} : { mtu: spec.mtu }),
  };
}

/**
 * Default routes over rtnetlink.
 * @module
 */
import { KernelError } from "../../mod/agent/kernel.ts";
import {
  type Address,
  compareAddresses,
  type Family,
  formatAddress,
  parseAddress,
  toBytes,
} from "../../mod/net/address.ts";
import { prefixContains } from "../../mod/net/prefix.ts";
import { addressOf, type InterfaceAddress, prefixOfInterface } from "./address.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  NLM_F_CREATE,
  NLM_F_EXCL,
  RT_SCOPE_UNIVERSE,
  RT_TABLE_MAIN,
  RTA_DST,
  RTA_GATEWAY,
  RTA_OIF,
  RTM_GETROUTE,
  RTM_NEWROUTE,
  RTN_UNICAST,
  RTNH_F_ONLINK,
} from "./netlink/constants.ts";
import { attributes, u32Of, viewOf } from "./netlink/decode.ts";
import type { NetlinkSocket, Request } from "./netlink/socket.ts";

const RTMSG_BYTES = 12;

/** The protocol number (rtm_protocol) by which our routes are known; free in iproute2's rt_protos. "C". */
export const ROUTE_PROTOCOL = 0x43;

export interface DefaultRoute {
  readonly family: Family;
  readonly gateway?: Address;
  readonly linkIndex?: number;
  readonly protocol: number;
}

/** Throws KernelError "invalid". */
export function parseGateway(text: string): Address {
  const gateway = parseAddress(text);
  if (gateway) return gateway;
  throw new KernelError("invalid", `${JSON.stringify(text)} is not the address of a gateway`);
}

/**
 * A default route. A gateway outside of the link's own prefixes (a /32 address, say) is declared to be on the link, as the switch answers
 * for it.
 */
export function addDefaultRoute(
  index: number,
  name: string,
  gateway: Address,
  addresses: readonly InterfaceAddress[],
): Request {
  const onLink = !addresses.some((address) => prefixContains(prefixOfInterface(address), gateway));
  return {
    attempted: `add default route via ${formatAddress(gateway)} dev ${name}`,
    type: RTM_NEWROUTE,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    fill: (message) => {
      const family = gateway.family === 4 ? AF_INET : AF_INET6;
      const flags = onLink ? RTNH_F_ONLINK : 0;
      const scoped = [ROUTE_PROTOCOL, RT_SCOPE_UNIVERSE, RTN_UNICAST];
      message.raw([family, 0, 0, 0, RT_TABLE_MAIN, ...scoped, flags, 0, 0, 0]);
      message.attribute(RTA_GATEWAY, toBytes(gateway)).u32(RTA_OIF, index);
    },
  };
}

/** Default routes of the main table, both families. */
export async function listDefaultRoutes(socket: NetlinkSocket): Promise<DefaultRoute[]> {
  const payloads = await socket.dump({
    attempted: "list routes",
    type: RTM_GETROUTE,
    fill: (message) => message.raw([AF_UNSPEC, ...new Array<number>(RTMSG_BYTES - 1).fill(0)]),
  });
  return payloads.map(decodeDefaultRoute).filter((route) => route !== undefined);
}

/** Payload of RTM_NEWROUTE; undefined unless it is a default route of the main table. */
export function decodeDefaultRoute(payload: Uint8Array): DefaultRoute | undefined {
  if (payload.length < RTMSG_BYTES) return undefined;
  const view = viewOf(payload);
  const family = payload[0] === AF_INET ? 4 : payload[0] === AF_INET6 ? 6 : undefined;
  const found = attributes(payload, RTMSG_BYTES);
  const isDefault = payload[1] === 0 && !found.has(RTA_DST) &&
    view.getUint8(4) === RT_TABLE_MAIN && view.getUint8(7) === RTN_UNICAST;
  if (!family || !isDefault) return undefined;
  const gateway = addressOf(payload[0], found.get(RTA_GATEWAY));
  const linkIndex = u32Of(found.get(RTA_OIF));
  return {
    family,
    protocol: view.getUint8(5),
    ...(gateway ? { gateway } : {}),
    ...(linkIndex ? { linkIndex } : {}),
  };
}

export function isRouteVia(route: DefaultRoute, gateway: Address, index: number): boolean {
  return route.linkIndex === index && route.gateway !== undefined &&
    compareAddresses(route.gateway, gateway) === 0;
}

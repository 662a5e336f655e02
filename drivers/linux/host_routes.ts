/**
 * Routes of the host to containers' networks, on an interface of its own. Ours are known by their protocol number; others' are left alone.
 * @module
 */
import { KernelError } from "../../mod/agent/kernel.ts";
import { toBytes } from "../../mod/net/address.ts";
import { formatPrefix, parsePrefix, type Prefix, prefixOf } from "../../mod/net/prefix.ts";
import { addressOf } from "./address.ts";
import { errnoOf } from "./errno.ts";
import { findLink } from "./link.ts";
import { checkLinkName } from "./names.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  NLM_F_CREATE,
  NLM_F_EXCL,
  RT_SCOPE_LINK,
  RT_TABLE_MAIN,
  RTA_DST,
  RTA_OIF,
  RTM_DELROUTE,
  RTM_GETROUTE,
  RTM_NEWROUTE,
  RTN_UNICAST,
} from "./netlink/constants.ts";
import { attributes, u32Of, viewOf } from "./netlink/decode.ts";
import type { NetlinkSocket, Request } from "./netlink/socket.ts";
import { ROUTE_PROTOCOL } from "./route.ts";

const RTMSG_BYTES = 12;

/** See Kernel.ensureHostRoutes. */
export async function ensureHostRoutes(
  name: string,
  prefixes: readonly string[],
  socket: NetlinkSocket,
): Promise<void> {
  const wanted = prefixes.map(parsed);
  const link = await findLink(socket, checkLinkName(name));
  if (!link) throw new KernelError("not-found", `cannot add routes: there is no link ${name}`);
  const payloads = await socket.dump({
    attempted: "list routes",
    type: RTM_GETROUTE,
    fill: (message) => message.raw([AF_UNSPEC, ...new Array<number>(RTMSG_BYTES - 1).fill(0)]),
  });
  const present = payloads.map((payload) => decodeHostRoute(payload, link.index))
    .filter((prefix) => prefix !== undefined);
  const has = (all: readonly Prefix[], one: Prefix) =>
    all.some((prefix) => formatPrefix(prefix) === formatPrefix(one));
  const requests = [
    ...present.filter((prefix) => !has(wanted, prefix)).map((it) => change("remove", it, link)),
    ...wanted.filter((prefix) => !has(present, prefix)).map((it) => change("add", it, link)),
  ];
  if (requests.length > 0) await socket.apply(requests);
}

/** The destination of a route that is ours and on the link; undefined for any other. */
export function decodeHostRoute(payload: Uint8Array, linkIndex: number): Prefix | undefined {
  if (payload.length < RTMSG_BYTES) return undefined;
  const view = viewOf(payload);
  const found = attributes(payload, RTMSG_BYTES);
  const ours = view.getUint8(4) === RT_TABLE_MAIN && view.getUint8(5) === ROUTE_PROTOCOL &&
    u32Of(found.get(RTA_OIF)) === linkIndex;
  const address = addressOf(payload[0], found.get(RTA_DST));
  return ours && address ? prefixOf(address, view.getUint8(1)) : undefined;
}

/** A route of somebody else's to the same network stays, and is the one that counts. */
function change(
  what: "add" | "remove",
  { address, length }: Prefix,
  { index, name }: { readonly index: number; readonly name: string },
): Request {
  const adds = what === "add";
  return {
    attempted: `${what} route to ${formatPrefix({ address, length })} dev ${name}`,
    type: adds ? RTM_NEWROUTE : RTM_DELROUTE,
    ...(adds ? { flags: NLM_F_CREATE | NLM_F_EXCL } : {}),
    fill: (message) => {
      const family = address.family === 4 ? AF_INET : AF_INET6;
      const kind = [ROUTE_PROTOCOL, RT_SCOPE_LINK, RTN_UNICAST];
      message.raw([family, length, 0, 0, RT_TABLE_MAIN, ...kind, 0, 0, 0, 0]);
      message.attribute(RTA_DST, toBytes(address)).u32(RTA_OIF, index);
    },
    tolerate: [errnoOf(adds ? "EEXIST" : "ESRCH")],
  };
}

function parsed(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix) return prefix;
  throw new KernelError("invalid", `${JSON.stringify(text)} is not a prefix`);
}

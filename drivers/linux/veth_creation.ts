/**
 * Making a veth pair: one datagram makes both ends, each where it belongs, named and sized, and brings the switch's end up. One burst of events
 * reaches ovs-vswitchd, which goes over its whole bridge for each that it sees apart.
 * @module
 */
import { errnoOf, kernelError } from "./errno.ts";
import { changeLink, deleteLink, type Link, linkHeader } from "./link.ts";
import { LINK_GROUP } from "./names.ts";
import {
  AF_INET6,
  IFLA_ADDRESS,
  IFLA_AF_SPEC,
  IFLA_GROUP,
  IFLA_IFNAME,
  IFLA_INET6_ADDR_GEN_MODE,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_LINKINFO,
  IFLA_MTU,
  IFLA_NET_NS_FD,
  IN6_ADDR_GEN_MODE_NONE,
  NLM_F_CREATE,
  NLM_F_EXCL,
  RTM_NEWLINK,
  VETH_INFO_PEER,
} from "./netlink/constants.ts";
import type { MessageBuilder } from "./netlink/message.ts";
import type { NetlinkSocket, Request } from "./netlink/socket.ts";
import { hasIPv6 } from "./sysctl.ts";
import type { Plan } from "./veth_plan.ts";

/** Both ends of a pair, each as its own namespace has it. */
export interface Pair {
  readonly host: Link;
  readonly peer: Link;
}

/** A taken pair of indices is another process's; a few in a row are not. */
const INDEX_ATTEMPTS = 5;

/**
 * Makes the pair, the switch's end up; undefined when one of the two names is taken. `peerNamespace`: file descriptor of the peer's
 * namespace; absent: the socket's own. Neither end has its alias yet: the caller gives it when all else is done, so that a pair with an
 * alias is a whole one, whoever is killed when.
 */
export async function createPair(
  socket: NetlinkSocket,
  plan: Plan,
  peerNamespace: number | undefined,
): Promise<Pair | undefined> {
  const { spec } = plan;
  for (let attempt = 1;; attempt++) {
    const pair = newPair(plan);
    const { host } = pair;
    const [made, setUp] = await socket.exchange([
      creation(plan, pair, peerNamespace),
      hostSetup(plan, host),
    ]);
    if (made?.errno === errnoOf("EEXIST")) return undefined;
    if (made?.errno === errnoOf("EBUSY") && attempt < INDEX_ATTEMPTS) continue;
    if (made?.errno) {
      throw kernelError(made.errno, `create endpoint link ${spec.hostLink}`, made.text);
    }
    if (!setUp?.errno) return pair;
    await socket.apply([deleteLink(host.index, spec.hostLink)]);
    throw kernelError(setUp.errno, `set up link ${spec.hostLink}`, setUp.text);
  }
}

/** What the switch's end of a pair needs: up, promiscuous as the switch will have it, and silent (no IPv6 address of its own). */
export function hostSetup({ spec }: Plan, link: Link): Request {
  return changeLink(link.index, spec.hostLink, {
    up: true,
    // ovs-vswitchd would set it, and take that for a change of its bridge.
    promiscuous: true,
    ...(link.mtu === spec.mtu ? {} : { mtu: spec.mtu }),
    ...(hasIPv6() ? { attributes: withoutIPv6Addresses } : {}),
  });
}

function withoutIPv6Addresses(message: MessageBuilder): void {
  message.nested(
    IFLA_AF_SPEC,
    (spec) =>
      spec.nested(AF_INET6, (inet6) => inet6.u8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE)),
  );
}

function creation(
  { spec, mac }: Plan,
  { host, peer }: Pair,
  peerNamespace: number | undefined,
): Request {
  const common = (message: MessageBuilder, { index, name }: Link) =>
    linkHeader(message, index).text(IFLA_IFNAME, name).u32(IFLA_MTU, spec.mtu)
      .u32(IFLA_GROUP, LINK_GROUP);
  const peerEnd = (message: MessageBuilder) => {
    common(message, peer).attribute(IFLA_ADDRESS, mac);
    if (peerNamespace !== undefined) message.u32(IFLA_NET_NS_FD, peerNamespace);
  };
  return {
    attempted: `create endpoint link ${spec.hostLink}`,
    type: RTM_NEWLINK,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    fill: (message) => {
      common(message, host).nested(IFLA_LINKINFO, (info) => {
        info.text(IFLA_INFO_KIND, "veth");
        info.nested(IFLA_INFO_DATA, (data) => data.nested(VETH_INFO_PEER, peerEnd));
      });
    },
  };
}

/**
 * The next two interface indices. We choose them, so that later messages of the datagram can name the link that an earlier one makes, and no
 * other link: by its name they would reach a stranger's, were the creation refused. Far above those that the kernel gives by itself.
 */
const FIRST_INDEX = 0x1000_0000;
const INDICES = 0x4000_0000;
let nextIndex = FIRST_INDEX + (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % INDICES;

function newPair({ spec }: Plan): Pair {
  const index = nextIndex;
  nextIndex = FIRST_INDEX + (nextIndex + 2 - FIRST_INDEX) % INDICES;
  const made = { mtu: spec.mtu, kind: "veth", group: LINK_GROUP, peerElsewhere: false };
  return {
    host: { ...made, index, name: spec.hostLink, up: true, peerIndex: index + 1 },
    peer: { ...made, index: index + 1, name: spec.peer.name, up: false, peerIndex: index },
  };
}

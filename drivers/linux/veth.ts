/**
 * Endpoint links: veth pairs. A pair is created by one message with its peer already in the container's namespace, named, addressed and
 * sized, because moving it there afterwards costs an RCU grace period (~30 ms against ~1 ms). Whole or not at all.
 * @module
 */
import { type EndpointLinkSpec, KernelError } from "../../mod/agent/kernel.ts";
import { parseMac } from "../../mod/net/mac.ts";
import { addAddress } from "./address.ts";
import { errnoOf, kernelError } from "./errno.ts";
import { changeLink, deleteLink, findLink, type Link, linkHeader } from "./link.ts";
import { LINK_GROUP } from "./names.ts";
import type { Namespace, OwnNamespace } from "./namespace.ts";
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
import { NetlinkSocket, type Request } from "./netlink/socket.ts";
import { OffloadSocket } from "./offload.ts";
import { addDefaultRoute, isRouteVia, listDefaultRoutes } from "./route.ts";
import { ensureSysctl, hasIPv6, readSysctl } from "./sysctl.ts";
import { type Plan, planOf } from "./veth_plan.ts";

/** Where work on an endpoint link is done: our namespace, and the container's when the peer is made there. */
interface Site {
  readonly host: NetlinkSocket;
  readonly hostOffload: OffloadSocket;
  readonly container?: Container;
}

interface Container {
  readonly namespace: Namespace;
  readonly socket: NetlinkSocket;
  readonly offload: OffloadSocket;
}

/** Makes or completes the pair; see Kernel.createEndpointLink. Not for two calls with one host link at a time. */
export async function createEndpointLink(
  spec: EndpointLinkSpec,
  host: NetlinkSocket,
  hostOffload: OffloadSocket,
  own: OwnNamespace,
): Promise<void> {
  const plan = planOf(spec);
  const container = spec.peer.namespace === undefined
    ? undefined
    : enterContainer(own.open(spec.peer.namespace));
  try {
    await ensurePair({ host, hostOffload, ...(container ? { container } : {}) }, plan);
  } finally {
    await container?.socket.close();
    container?.offload.close();
    container?.namespace.close();
  }
}

/** Opens the sockets that will work in the namespace, and closes it again when that fails. */
function enterContainer(namespace: Namespace): Container {
  try {
    return namespace.enter(() => {
      const offload = new OffloadSocket();
      try {
        return { namespace, offload, socket: NetlinkSocket.open() };
      } catch (error) {
        offload.close();
        throw error;
      }
    });
  } catch (error) {
    namespace.close();
    throw error;
  }
}

async function ensurePair(site: Site, plan: Plan): Promise<void> {
  const { hostLink, alias } = plan.spec;
  if (await createPair(site, plan)) return await finishNew(site, plan);
  const found = await findLink(site.host, hostLink);
  if (!found) {
    throw new KernelError(
      "exists",
      `cannot create endpoint link ${hostLink}: its peer's name ${plan.spec.peer.name} is taken in ${
        plan.spec.peer.namespace ?? "the host's namespace"
      }`,
    );
  }
  if (!isCompletable(found, alias)) throw foreign(found, alias);
  const peer = await findPeer(site, plan, found);
  if (peer === "moved") return await configureHost(site, plan, found);
  if (peer) return await configure(site, plan, found, peer);
  // Cut short by a crash, or its peer is in a namespace that the endpoint has left: of no use to anybody.
  await site.host.apply([deleteLink(found.index, hostLink)]);
  if (!await createPair(site, plan)) throw foreign(found, alias);
  await finishNew(site, plan);
}

/** False when one of the two names is taken. */
async function createPair(site: Site, plan: Plan): Promise<boolean> {
  const { hostLink } = plan.spec;
  const request = createRequest(plan, site.container?.namespace.fd);
  const [answer] = await site.host.exchange([request]);
  if (answer?.errno === errnoOf("EEXIST")) return false;
  if (answer?.errno) {
    throw kernelError(answer.errno, `create endpoint link ${hostLink}`, answer.text);
  }
  return true;
}

function createRequest({ spec, mac }: Plan, namespaceFd: number | undefined): Request {
  const common = (message: MessageBuilder, name: string) =>
    linkHeader(message).text(IFLA_IFNAME, name).u32(IFLA_MTU, spec.mtu).u32(IFLA_GROUP, LINK_GROUP);
  const peer = (message: MessageBuilder) => {
    common(message, spec.peer.name).attribute(IFLA_ADDRESS, mac);
    if (namespaceFd !== undefined) message.u32(IFLA_NET_NS_FD, namespaceFd);
  };
  return {
    attempted: `create endpoint link ${spec.hostLink}`,
    type: RTM_NEWLINK,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    fill: (message) => {
      common(message, spec.hostLink).nested(IFLA_LINKINFO, (info) => {
        info.text(IFLA_INFO_KIND, "veth");
        info.nested(IFLA_INFO_DATA, (data) => data.nested(VETH_INFO_PEER, peer));
      });
    },
  };
}

/** Configures a pair that this call has made; deletes it again when that fails. */
async function finishNew(site: Site, plan: Plan): Promise<void> {
  const { hostLink, peer } = plan.spec;
  const hostEnd = await findLink(site.host, hostLink);
  if (!hostEnd) {
    throw new KernelError(
      "failed",
      `cannot create endpoint link ${hostLink}: it was removed by somebody else`,
    );
  }
  try {
    const peerEnd = await findLink(site.container?.socket ?? site.host, peer.name);
    if (!peerEnd) {
      throw new KernelError(
        "not-found",
        `cannot create endpoint link ${hostLink}: its peer ${peer.name} was removed by somebody else`,
      );
    }
    await configure(site, plan, hostEnd, peerEnd);
  } catch (error) {
    await site.host.apply([deleteLink(hostEnd.index, hostLink)]);
    throw error;
  }
}

/** Ours by alias, or ours by group and without an alias yet. */
function isCompletable(link: Link, alias: string): boolean {
  return link.kind === "veth" &&
    (link.alias === alias || (link.alias === undefined && link.group === LINK_GROUP));
}

function foreign(found: Link, alias: string): KernelError {
  const owner = found.alias === undefined ? "nobody (no alias)" : found.alias;
  return new KernelError(
    "exists",
    `cannot create link ${found.name} for ${alias}: a ${
      found.kind ?? "physical"
    } link of that name ` +
      `belongs to ${owner}; delete it if it is not used: ip link delete ${found.name}`,
  );
}

/**
 * The other end of a pair found. "moved": Docker has taken it into a container, where it is none of our business.
 * Undefined: it is not where the spec wants it.
 */
async function findPeer(
  site: Site,
  plan: Plan,
  hostEnd: Link,
): Promise<Link | "moved" | undefined> {
  const { container, host } = site;
  if (!container && hostEnd.peerElsewhere) return hostEnd.alias === undefined ? undefined : "moved";
  if (hostEnd.peerIndex === undefined) return undefined;
  const peer = await findLink(container?.socket ?? host, hostEnd.peerIndex);
  const fits = peer?.peerIndex === hostEnd.index && isCompletable(peer, plan.spec.alias);
  return fits ? peer : undefined;
}

async function configure(site: Site, plan: Plan, hostEnd: Link, peer: Link): Promise<void> {
  if (site.container) {
    await configureContainer(site.container, plan, peer);
    return await configureHost(site, plan, hostEnd);
  }
  // One message batch for both ends: each waits for the kernel's RTNL lock, which ovs-vswitchd, woken by the new links, keeps busy.
  if (!plan.spec.checksumOffload) await site.hostOffload.setTransmitChecksum(peer.name, false);
  await configureHost(site, plan, hostEnd, [
    changeLink(peer.index, peer.name, peerChange(plan, peer)),
  ]);
}

/**
 * The end towards the switch: up, and silent (no IPv6 address of its own, hence no neighbour discovery towards the switch). `first`: what
 * to change before it in the same batch, such as a peer that Docker will fetch (down, in our namespace).
 */
async function configureHost(
  site: Site,
  { spec }: Plan,
  link: Link,
  first: readonly Request[] = [],
): Promise<void> {
  if (!spec.checksumOffload) await site.hostOffload.setTransmitChecksum(spec.hostLink, false);
  await site.host.apply([
    ...first,
    changeLink(link.index, spec.hostLink, {
      alias: spec.alias,
      up: true,
      ...(link.mtu === spec.mtu ? {} : { mtu: spec.mtu }),
      ...(hasIPv6() ? { attributes: withoutIPv6Addresses } : {}),
    }),
  ]);
}

function withoutIPv6Addresses(message: MessageBuilder): void {
  message.nested(
    IFLA_AF_SPEC,
    (spec) =>
      spec.nested(AF_INET6, (inet6) => inet6.u8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE)),
  );
}

async function configureContainer(
  { socket, offload, namespace }: Container,
  plan: Plan,
  peer: Link,
): Promise<void> {
  const { spec, addresses, gateways } = plan;
  const { name } = spec.peer;
  if (!spec.checksumOffload) await offload.setTransmitChecksum(peer.name, false);
  if (addresses.some(({ address }) => address.family === 6)) allowIPv6(namespace, peer.name);
  const loopback = await findLink(socket, "lo");
  await socket.apply([
    ...(loopback && !loopback.up ? [changeLink(loopback.index, "lo", { up: true })] : []),
    changeLink(peer.index, name, { ...peerChange(plan, peer), up: true }),
    ...addresses.map((address) => addAddress(peer.index, name, address)),
  ]);
  if (gateways.length > 0) await ensureRoutes(socket, plan, peer.index, namespace.path);
}

/** Runtimes turn IPv6 off in namespaces whose networks they believe to have none. */
function allowIPv6(namespace: Namespace, link: string): void {
  const key = `net/ipv6/conf/${link}/disable_ipv6`;
  namespace.enter(() => readSysctl(key) === "1" && ensureSysctl(key, "0"));
}

function peerChange({ spec, mac }: Plan, peer: Link) {
  return {
    alias: spec.alias,
    ...(peer.name === spec.peer.name ? {} : { name: spec.peer.name }),
    ...(peer.mac === parseMac(spec.peer.mac) ? {} : { mac }),
    ...(peer.mtu === spec.mtu ? {} : { mtu: spec.mtu }),
  };
}

/** A default route that is there already must be the wanted one: another one is another network's, and is not ours to replace. */
async function ensureRoutes(
  socket: NetlinkSocket,
  { spec, addresses, gateways }: Plan,
  index: number,
  where: string,
): Promise<void> {
  const requests = gateways.map((gateway) =>
    addDefaultRoute(index, spec.peer.name, gateway, addresses)
  );
  const answers = await socket.exchange(requests);
  for (const [at, answer] of answers.entries()) {
    const [request, gateway] = [requests[at], gateways[at]];
    if (!answer.errno || !request || !gateway) continue;
    const taken = answer.errno === errnoOf("EEXIST");
    const routes = taken ? await listDefaultRoutes(socket) : [];
    if (routes.some((route) => isRouteVia(route, gateway, index))) continue;
    const text = taken ? `${where} has another default route already` : answer.text;
    throw kernelError(answer.errno, request.attempted, text);
  }
}

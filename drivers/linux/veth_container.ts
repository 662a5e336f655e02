/**
 * The container's end of an endpoint link: what is done in the container's own namespace.
 * @module
 */
import type { Address } from "../../mod/net/address.ts";
import { addAddress } from "./address.ts";
import { errnoOf, kernelError } from "./errno.ts";
import { changeLink, type Link } from "./link.ts";
import type { Namespace } from "./namespace.ts";
import { type Answer, NetlinkSocket, type Request, throwFirst } from "./netlink/socket.ts";
import { OffloadSocket } from "./offload.ts";
import { addDefaultRoute, isRouteVia, listDefaultRoutes } from "./route.ts";
import { ensureSysctl, readSysctl } from "./sysctl.ts";
import { peerChange, type Plan } from "./veth_plan.ts";

/** The kernel makes it first in every namespace. */
const LOOPBACK_INDEX = 1;

export interface Container {
  readonly namespace: Namespace;
  readonly socket: NetlinkSocket;
  readonly offload: OffloadSocket;
}

/** Opens the sockets that will work in the namespace, and closes it again when that fails. */
export function enterContainer(namespace: Namespace): Container {
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

/** In one datagram, as each costs a way to a pool thread and back. What is wrong with the link is said before what that makes of its routes. */
export async function configureContainer(
  container: Container,
  plan: Plan,
  peer: Link,
): Promise<void> {
  const { socket, offload, namespace } = container;
  const { spec, addresses, gateways } = plan;
  const { name } = spec.peer;
  if (!spec.checksumOffload) await offload.setTransmitChecksum(peer.name, false);
  if (addresses.some(({ address }) => address.family === 6)) allowIPv6(namespace, peer.name);
  const setup = [
    changeLink(LOOPBACK_INDEX, "lo", { up: true }),
    changeLink(peer.index, name, { ...peerChange(plan, peer), up: true }),
    ...addresses.map((address) => addAddress(peer.index, name, address)),
  ];
  const routes = gateways.map((gateway) => {
    const request = addDefaultRoute(peer.index, name, gateway, addresses);
    return { request, gateway, index: peer.index };
  });
  const answers = await socket.exchange([...setup, ...routes.map(({ request }) => request)]);
  throwFirst(setup, answers);
  for (const [at, route] of routes.entries()) {
    const answer = answers[setup.length + at];
    if (answer?.errno) await acceptPresent(container, route, answer);
  }
}

/** Runtimes turn IPv6 off in namespaces whose networks they believe to have none. */
function allowIPv6(namespace: Namespace, link: string): void {
  const key = `net/ipv6/conf/${link}/disable_ipv6`;
  namespace.enter(() => readSysctl(key) === "1" && ensureSysctl(key, "0"));
}

interface Route {
  readonly request: Request;
  readonly gateway: Address;
  readonly index: number;
}

/** A default route that is there already must be the wanted one: another one is another network's, and is not ours to replace. */
async function acceptPresent(
  { socket, namespace }: Container,
  { request, gateway, index }: Route,
  { errno, text }: Answer,
): Promise<void> {
  const taken = errno === errnoOf("EEXIST");
  const present = taken ? await listDefaultRoutes(socket) : [];
  if (present.some((route) => isRouteVia(route, gateway, index))) return;
  const why = taken ? `${namespace.path} has another default route already` : text;
  throw kernelError(errno, request.attempted, why);
}

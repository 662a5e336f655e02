/**
 * Endpoint links: veth pairs. A pair is created by one message with its peer already in the container's namespace, named, addressed and
 * sized, because moving it there afterwards costs an RCU grace period (~30 ms against ~1 ms). Whole or not at all.
 * @module
 */
import { type EndpointLinkSpec, KernelError } from "../../mod/agent/kernel.ts";
import { changeLink, deleteLink, findLink, type Link } from "./link.ts";
import { LINK_GROUP } from "./names.ts";
import type { OwnNamespace } from "./namespace.ts";
import type { NetlinkSocket, Request } from "./netlink/socket.ts";
import type { OffloadSocket } from "./offload.ts";
import { configureContainer, type Container, enterContainer } from "./veth_container.ts";
import { createPair, hostSetup, type Pair } from "./veth_creation.ts";
import { peerChange, type Plan, planOf } from "./veth_plan.ts";

/** Where work on an endpoint link is done: our namespace, and the container's when the peer is made there. */
interface Site {
  readonly host: NetlinkSocket;
  readonly hostOffload: OffloadSocket;
  readonly container?: Container;
}

/** Sockets of our own namespace, and that itself. */
interface HostSockets {
  readonly changes: NetlinkSocket;
  readonly offload: OffloadSocket;
  readonly own: OwnNamespace;
}

/** Makes or completes the pair; see Kernel.createEndpointLink. Not for two calls with one host link at a time. */
export async function createEndpointLink(
  spec: EndpointLinkSpec,
  { changes, offload, own }: HostSockets,
  present: () => void,
): Promise<void> {
  const plan = planOf(spec);
  const container = spec.peer.namespace === undefined
    ? undefined
    : enterContainer(own.open(spec.peer.namespace));
  try {
    const site = { host: changes, hostOffload: offload, ...(container ? { container } : {}) };
    await ensurePair(site, plan, present);
  } finally {
    await container?.socket.close();
    container?.offload.close();
    container?.namespace.close();
  }
}

async function ensurePair(site: Site, plan: Plan, present: () => void): Promise<void> {
  const { hostLink, alias } = plan.spec;
  const made = await createPair(site.host, plan, site.container?.namespace.fd);
  if (made) return await finishNew(site, plan, made, present);
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
  if (peer) {
    await configure(site, plan, found, peer);
    return present();
  }
  // Cut short by a crash, or its peer is in a namespace that the endpoint has left: of no use to anybody.
  await site.host.apply([deleteLink(found.index, hostLink)]);
  const again = await createPair(site.host, plan, site.container?.namespace.fd);
  if (!again) throw foreign(found, alias);
  await finishNew(site, plan, again, present);
}

/** Tells of a pair that this call has made, and configures its far end; deletes the pair again when that fails. */
async function finishNew(
  site: Site,
  plan: Plan,
  { host, peer }: Pair,
  present: () => void,
): Promise<void> {
  try {
    present();
    if (site.container) await configureContainer(site.container, plan, peer);
    else await configurePeerHere(site, plan, peer);
    await site.host.apply([completion(plan, host)]);
  } catch (error) {
    await site.host.apply([deleteLink(host.index, plan.spec.hostLink)]);
    throw error;
  }
}

/** Ours by group, and without an alias yet. */
export function isUnfinished({ kind, alias, group }: Link): boolean {
  return kind === "veth" && alias === undefined && group === LINK_GROUP;
}

function isCompletable(link: Link, alias: string): boolean {
  return isUnfinished(link) || (link.kind === "veth" && link.alias === alias);
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

/** Completes a pair found. */
async function configure(
  site: Site,
  plan: Plan,
  hostEnd: Link,
  peer: Link | "moved",
): Promise<void> {
  if (peer !== "moved") {
    if (site.container) await configureContainer(site.container, plan, peer);
    else await configurePeerHere(site, plan, peer);
  }
  await site.host.apply([hostSetup(plan, hostEnd), completion(plan, hostEnd)]);
}

/** A peer that Docker will fetch: down, in our namespace. */
async function configurePeerHere(site: Site, plan: Plan, peer: Link): Promise<void> {
  if (!plan.spec.checksumOffload) await site.hostOffload.setTransmitChecksum(peer.name, false);
  await site.host.apply([changeLink(peer.index, peer.name, peerChange(plan, peer))]);
}

/** The last step: a pair whose switch end has its alias is whole, and is taken for that by a process that finds it. */
function completion({ spec }: Plan, host: Link): Request {
  return changeLink(host.index, spec.hostLink, { alias: spec.alias });
}

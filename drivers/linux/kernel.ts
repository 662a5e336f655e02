/**
 * The Linux kernel behind mod/agent/kernel.ts: rtnetlink through the C library, no process started but for NAT rules.
 * Keeps no state that a restart would lose: what is ours is recognised by alias, link group and the names of chains.
 * @module
 */
import type {
  EndpointLinkSpec,
  HostAccessSpec,
  HostLinkSpec,
  Kernel,
  KernelEvent,
  LinkState,
  LinkUse,
  Underlay,
} from "../../mod/agent/kernel.ts";
import { Deletions } from "./deletion.ts";
import { LinkMonitor } from "./events.ts";
import { ensureHostAccess, removeHostAccess } from "./host_access.ts";
import { changeLink, findLink, type Link, listLinks } from "./link.ts";
import { ensureHostLink } from "./host_link.ts";
import { ensureHostRoutes } from "./host_routes.ts";
import { linkUses } from "./link_use.ts";
import { namespaceExists, OwnNamespace, resolveNamespace } from "./namespace.ts";
import { RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR, RTMGRP_LINK } from "./netlink/constants.ts";
import { NetlinkSocket } from "./netlink/socket.ts";
import { OffloadSocket } from "./offload.ts";
import type { NatTools } from "./nat.ts";
import { KeyedSerial, Serial } from "../../mod/agent/serial.ts";
import { underlayOf } from "./underlay.ts";
import { createEndpointLink, isUnfinished } from "./veth.ts";

export interface KernelOptions {
  /** Programs that write NAT rules, when not those first in PATH (e.g. `iptables-legacy`). */
  readonly natTools?: Partial<NatTools>;
}

/**
 * Opens the kernel for the network namespace that this thread is in now, and which the returned object keeps to.
 * Throws KernelError: "unsupported" without glibc, "permission" when sockets are refused.
 */
export function openKernel(options: KernelOptions = {}): Promise<Kernel> {
  return Promise.resolve().then(() => assemble(options));
}

function assemble(options: KernelOptions): Kernel {
  using opened = new DisposableStack();
  const socket = () => opened.adopt(NetlinkSocket.open(), (it) => void it.close());
  const kernel = new LinuxKernel({
    own: opened.adopt(new OwnNamespace(), (it) => it.close()),
    offload: opened.adopt(new OffloadSocket(), (it) => it.close()),
    reads: socket(),
    changes: socket(),
    deletes: socket(),
    natTools: options.natTools ?? {},
  });
  opened.move();
  return kernel;
}

/** What the kernel object owns and closes. */
interface Parts {
  readonly own: OwnNamespace;
  readonly offload: OffloadSocket;
  readonly reads: NetlinkSocket;
  readonly changes: NetlinkSocket;
  /** Of its own, so that creations need not wait for the grace period of deletions. */
  readonly deletes: NetlinkSocket;
  readonly natTools: Partial<NatTools>;
}

function toState(link: Link): LinkState {
  const { index, name, alias, mac, mtu, up, kind } = link;
  return {
    ...{ index, name, mtu, up },
    ...(alias === undefined ? {} : { alias }),
    ...(mac === undefined ? {} : { mac }),
    ...(kind === undefined ? {} : { kind }),
    ...(isUnfinished(link) ? { unfinished: true } : {}),
  };
}

class LinuxKernel implements Kernel {
  readonly #parts: Parts;
  readonly #deletions: Deletions;
  readonly #monitor: LinkMonitor;
  /** All creations wait for one kernel lock (RTNL); queueing for it here keeps Deno's pool free. */
  readonly #creating = new Serial();
  readonly #hostAccess = new Serial();
  /** A creation does not overtake the deletion of its namesake. */
  readonly #perLink = new KeyedSerial();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#deletions = new Deletions(parts.deletes);
    this.#monitor = new LinkMonitor(
      () => NetlinkSocket.open(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR),
      () => listLinks(parts.reads),
    );
  }

  async links(): Promise<readonly LinkState[]> {
    return (await listLinks(this.#parts.reads)).map(toState);
  }

  createEndpointLink(spec: EndpointLinkSpec, present = () => {}): Promise<void> {
    const { changes, offload, own } = this.#parts;
    return this.#perLink.run(
      spec.hostLink,
      () => this.#creating.run(() => createEndpointLink(spec, { changes, offload, own }, present)),
    );
  }

  deleteEndpointLink(hostLink: string): Promise<void> {
    return this.#perLink.run(hostLink, () => this.#deletions.delete(hostLink));
  }

  bringUp(hostLink: string): Promise<void> {
    const { changes } = this.#parts;
    return this.#perLink.run(hostLink, async () => {
      const link = await findLink(changes, hostLink);
      if (link) await changes.apply([changeLink(link.index, hostLink, { up: true })]);
    });
  }

  namespaceExists(path: string): Promise<boolean> {
    return Promise.resolve().then(() => namespaceExists(path));
  }

  resolveNamespace(nameOrPath: string): Promise<string> {
    return Promise.resolve().then(() => resolveNamespace(nameOrPath));
  }

  ensureHostAccess(spec: HostAccessSpec): Promise<void> {
    return this.#hostAccess.run(() =>
      ensureHostAccess(spec, this.#parts.reads, this.#parts.natTools)
    );
  }

  removeHostAccess(spec: HostAccessSpec): Promise<void> {
    return this.#hostAccess.run(() =>
      removeHostAccess(spec, this.#parts.reads, this.#parts.natTools)
    );
  }

  underlay(address: string): Promise<Underlay> {
    return underlayOf(address, this.#parts.reads);
  }

  ensureHostLink(spec: HostLinkSpec): Promise<void> {
    return this.#hostAccess.run(() => ensureHostLink(spec, this.#parts.reads));
  }

  ensureHostRoutes(link: string, prefixes: readonly string[]): Promise<void> {
    return this.#hostAccess.run(() => ensureHostRoutes(link, prefixes, this.#parts.reads));
  }

  linkUses(names: readonly string[]): Promise<readonly LinkUse[]> {
    return linkUses(names, this.#parts.reads);
  }

  events(signal: AbortSignal): AsyncIterable<KernelEvent> {
    return this.#monitor.listen(signal);
  }

  async close(): Promise<void> {
    const { reads, changes, deletes, offload, own } = this.#parts;
    await this.#monitor.close();
    await Promise.all([reads, changes, deletes].map((socket) => socket.close()));
    offload.close();
    own.close();
  }
}

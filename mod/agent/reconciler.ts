/**
 * Makes this host what the desired state says: one owner at a time on the fast path, everything at once after a start or a fault.
 * Level-triggered and repeatable; a failure leaves what works working and is reported per owner.
 * @module
 */
import { messageOf } from "../state/message_of.ts";
import type { DesiredState } from "./desired_state.ts";
import { BASE, endpointOwner, networkOwner } from "./owners.ts";
import type { DesiredEndpoint, Wiring } from "./desired_endpoint.ts";
import { EndpointWires } from "./endpoint_wires.ts";
import { Foresight, isSameWiring } from "./foresight.ts";
import { Gate } from "./gate.ts";
import { HostPorts } from "./host_ports.ts";
import type { Kernel, KernelEvent } from "./kernel.ts";
import { KeyedWork } from "./keyed_work.ts";
import { LinkKeeper } from "./link_keeper.ts";
import type { Log } from "./log.ts";
import { PipelineKeeper } from "./pipeline_keeper.ts";
import { settled } from "./settled.ts";
import { type PortSpec, type PortState, type Switch, SwitchError } from "./switch.ts";

/** Deadline of everything that is done for one owner. */
const OWNER_DEADLINE_MS = 10_000;
const RESYNC_DEADLINE_MS = 60_000;

/** Key of the work for owners that have neither port nor link. */
const FLOWS_ALONE = "flows";

export interface ReconcilerDeps {
  readonly switch: Switch;
  readonly kernel: Kernel;
  readonly desired: DesiredState;
  readonly log: Log;
  /** Told how each endpoint fares: undefined when it is right, else why it carries no traffic. Must not throw. */
  readonly report: (endpointId: string, trouble: string | undefined) => void;
}

export class Reconciler {
  readonly #pipeline: PipelineKeeper;
  readonly #links: LinkKeeper;
  readonly #wires: EndpointWires;
  readonly #gate = new Gate();
  readonly #work: KeyedWork;
  /** Port and link of each endpoint that was brought up, for taking it down when its record is gone. */
  readonly #carried = new Map<string, Wiring>();
  readonly #foresight = new Foresight();
  /** Endpoints that are as desired; a run for one of them has nothing to do. */
  readonly #right = new Map<string, DesiredEndpoint>();
  /** Owners of flows alone that the next run takes up. */
  readonly #waiting = new Set<string>();
  #resyncing: Promise<boolean> | undefined;
  readonly #hostPorts: HostPorts;

  constructor(private readonly deps: ReconcilerDeps) {
    this.#hostPorts = new HostPorts(deps);
    this.#pipeline = new PipelineKeeper(deps);
    this.#links = new LinkKeeper(deps.kernel);
    this.#wires = new EndpointWires({ ...deps, links: this.#links });
    this.#work = new KeyedWork((owner) => this.#gate.shared(() => this.#reconcile(owner)));
  }

  /**
   * Resolves when `owner` is as desired at the time of the call, or later. Rejects with why it is not. Owners of flows alone that are
   * asked for at the same time are changed together: a tenant's first endpoint here may bring thousands from elsewhere.
   */
  settle(owner: string): Promise<void> {
    if (owner.startsWith("endpoint:")) return this.#work.request(owner);
    this.#waiting.add(owner);
    return this.#work.request(FLOWS_ALONE);
  }

  /**
   * Begins to bring up an endpoint whose record is about to be written. Its owner is to be settled in any case: when the record did not
   * come about, that undoes it, or leaves it to the next full comparison.
   */
  prepare(foreseen: DesiredEndpoint): void {
    const { id } = foreseen.endpoint;
    const isBusy = this.#foresight.has(id) || this.#carried.has(id) ||
      this.#work.has(endpointOwner(id));
    if (isBusy || !foreseen.link || !this.deps.switch.connected) return;
    const signal = AbortSignal.timeout(OWNER_DEADLINE_MS);
    // A full comparison waits for all who settle, and one of those may wait for this.
    const work = this.#gate.ifShared(() =>
      settled([this.#wires.attach(foreseen, signal), this.#pipeline.foresee(foreseen, signal)])
    );
    if (work) this.#foresight.begin(id, foreseen, work);
  }

  /**
   * Compares everything with everything and mends the difference; false when an endpoint could not be mended (and was reported).
   * Calls before it starts share one run.
   */
  resync(): Promise<boolean> {
    this.#resyncing ??= this.#gate.exclusive(() => {
      this.#resyncing = undefined;
      return this.#resync();
    });
    return this.#resyncing;
  }

  /** The switch lost its flow tables: what was applied is no longer. */
  flowsLost(): Promise<boolean> {
    this.#pipeline.forget();
    return this.resync();
  }

  /** Takes in what the kernel tells; returns whether everything is to be looked at again. */
  kernelChanged(event: KernelEvent): boolean {
    if (event.type === "link-removed") return this.#links.vanished(event.name);
    if (event.type === "resync") this.#links.forgetExpected();
    if (event.type === "resync" || event.type === "link-changed") return event.type === "resync";
    const isHost = event.name === this.deps.desired.host?.access?.port.name;
    return isHost || (event.type === "link-down" && this.#links.counts(event.name));
  }

  /** How the host's own ports fare. */
  get hostPorts(): Pick<HostPorts, "tunnelTrouble" | "uplinkTrouble"> {
    return this.#hostPorts;
  }

  /** Numbers whose port or link is still being taken away. */
  busyPorts(): ReadonlySet<number> {
    return this.#wires.busyPorts();
  }

  async idle(): Promise<void> {
    await this.#foresight.idle();
    await this.#work.idle();
    await this.#links.idle();
  }

  async #reconcile(owner: string): Promise<void> {
    const id = owner.startsWith("endpoint:") ? owner.slice("endpoint:".length) : undefined;
    const signal = AbortSignal.timeout(OWNER_DEADLINE_MS);
    try {
      if (!this.deps.switch.connected) throw unreachable();
      if (id === undefined) await this.#reconcileWaiting(signal);
      else await this.#reconcileEndpoint(id, signal);
      if (id !== undefined) this.deps.report(id, undefined);
    } catch (error) {
      if (id !== undefined && this.deps.desired.endpoint(id)) {
        this.deps.report(id, messageOf(error));
      }
      throw error;
    } finally {
      // What could not be undone is protected no longer: the next full comparison clears it away.
      if (id !== undefined) this.#foresight.forget(id);
    }
  }

  async #reconcileWaiting(signal: AbortSignal): Promise<void> {
    const owners = [...this.#waiting];
    this.#waiting.clear();
    await this.#pipeline.apply(owners, signal);
    if (owners.includes(BASE)) await this.#hostPorts.apply([], signal);
  }

  async #reconcileEndpoint(id: string, signal: AbortSignal): Promise<void> {
    const foreseen = await this.#foresight.result(id);
    const wanted = this.deps.desired.endpoint(id);
    // No record came about; or others wrote first, and it became another one.
    if (foreseen && !(wanted && isSameWiring(foreseen, wanted))) {
      await this.#wires.detach(id, foreseen, signal);
    }
    if (!wanted) return await this.#takeDown(id, signal);
    if (this.#right.get(id) === wanted) return;
    this.#right.delete(id);
    this.#carried.set(id, wanted);
    const owners = [endpointOwner(id), networkOwner(wanted.network.id), BASE];
    await settled([this.#wires.attach(wanted, signal), this.#pipeline.apply(owners, signal)]);
    if (wanted.hostLink) await this.deps.kernel.ensureHostLink(wanted.hostLink);
    this.#right.set(id, wanted);
  }

  async #takeDown(id: string, signal: AbortSignal): Promise<void> {
    const carried = this.#carried.get(id);
    this.#right.delete(id);
    const flows = this.#pipeline.apply([endpointOwner(id)], signal);
    const detach = () => carried ? this.#wires.detach(id, carried, signal) : Promise.resolve();
    await settled([flows, flows.then(detach, detach)]);
    this.#carried.delete(id);
  }

  async #resync(): Promise<boolean> {
    if (!this.deps.switch.connected) throw unreachable();
    const signal = AbortSignal.timeout(RESYNC_DEADLINE_MS);
    const endpoints = [...this.deps.desired.endpoints()];
    this.#right.clear();
    const links = await this.#links.observe();
    const troubles = new Map<string, string>();
    for (const wanted of endpoints) {
      this.#carried.set(wanted.endpoint.id, wanted);
      const { link } = wanted;
      if (link) await this.#attempt(wanted, troubles, () => this.#links.ensure(link));
    }
    await this.#resyncPorts(endpoints, troubles, signal);
    for (const wanted of endpoints) {
      const { hostLink } = wanted;
      if (!hostLink || troubles.has(wanted.endpoint.id)) continue;
      await this.#attempt(wanted, troubles, () => this.deps.kernel.ensureHostLink(hostLink));
    }
    await this.#pipeline.resync(signal);
    const host = this.deps.desired.host;
    if (host?.access) await this.deps.kernel.ensureHostAccess(host.access.spec);
    const wantedLinks = new Set(endpoints.map((wanted) => wanted.link?.hostLink));
    for (const { link } of this.#foresight.wirings()) wantedLinks.add(link?.hostLink);
    for (const name of [...links.keys()]) if (!wantedLinks.has(name)) this.#wires.deleteLink(name);
    // One that was removed while this look went on was brought up by it: its own run, which waits, takes it down.
    const looked = new Set(endpoints.map(({ endpoint }) => endpoint.id));
    for (const id of this.#carried.keys()) if (!looked.has(id)) this.#carried.delete(id);
    for (const { endpoint } of endpoints) this.deps.report(endpoint.id, troubles.get(endpoint.id));
    const { tunnelTrouble, uplinkTrouble } = this.#hostPorts;
    return troubles.size === 0 && tunnelTrouble === undefined && uplinkTrouble === undefined;
  }

  async #resyncPorts(
    endpoints: readonly DesiredEndpoint[],
    troubles: Map<string, string>,
    signal: AbortSignal,
  ): Promise<void> {
    const present = new Map(this.deps.switch.ports().map((port) => [port.name, port]));
    const wanted = new Set(endpoints.map(({ port }) => port.name));
    for (const { name } of this.deps.desired.hostPorts()) wanted.add(name);
    for (const { port } of this.#foresight.wirings()) wanted.add(port.name);
    await this.#hostPorts.apply([...present.keys()].filter((name) => !wanted.has(name)), signal);
    const missing = endpoints.filter(({ endpoint, port }) =>
      !troubles.has(endpoint.id) && !isRight(present.get(port.name), port)
    );
    await Promise.all(
      missing.map((endpoint) =>
        this.#attempt(
          endpoint,
          troubles,
          () => this.deps.switch.applyPorts([endpoint.port], [], signal),
        )
      ),
    );
  }

  async #attempt(
    wanted: DesiredEndpoint,
    troubles: Map<string, string>,
    work: () => Promise<void>,
  ): Promise<void> {
    try {
      await work();
    } catch (error) {
      troubles.set(wanted.endpoint.id, messageOf(error));
    }
  }
}

function isRight(port: PortState | undefined, wanted: PortSpec): boolean {
  return port?.number === wanted.number && port.error === undefined &&
    (wanted.vlan === undefined || port.vlan === wanted.vlan) &&
    Object.entries(wanted.externalIds).every(([key, value]) => port.externalIds[key] === value);
}

function unreachable(): SwitchError {
  return new SwitchError(
    "unavailable",
    "Open vSwitch is not reachable: start ovsdb-server and ovs-vswitchd (`contiv doctor` says what is missing)",
  );
}

/**
 * The node agent: follows the store, the switch and the kernel, and keeps this host as the store says. Changes nothing before it has
 * a full snapshot and a full look at the host; on `close` everything stays as it is and traffic goes on.
 * @module
 */
import { Announcer } from "./announcer.ts";
import { mtuOf } from "./desired_endpoint.ts";
import { InfraEndpoints } from "./infra.ts";
import { NETWORKS } from "../state/keys.ts";
import { HostPortsHealth } from "./host_ports_health.ts";
import type { Uplinks } from "./uplinks.ts";
import type { Cache } from "../state/cache.ts";
import type { Plan } from "../state/plan.ts";
import { messageOf } from "../state/message_of.ts";
import type { Snapshot } from "../state/snapshot.ts";
import type { Store } from "../state/store.ts";
import { transact } from "../state/transact.ts";
import type { Fence } from "../intent/host_fence.ts";
import { clusterOf, refuseForeign, refuseOtherForwarding } from "./cluster_guard.ts";
import { DesiredState } from "./desired_state.ts";
import type { Flow } from "../pipeline/flow.ts";
import { Endpoints } from "./endpoints.ts";
import { type HostFacts, vxlanOverhead } from "./host_facts.ts";
import type { Kernel } from "./kernel.ts";
import type { Log } from "./log.ts";
import { BASE } from "./owners.ts";
import { Reconciler } from "./reconciler.ts";
import { ResyncLoop } from "./resync_loop.ts";
import { staleStatuses, statusPlan } from "./status.ts";
import type { Switch, SwitchEvent, SwitchFacts } from "./switch.ts";
import { underlayTrouble } from "./underlay_check.ts";

export interface AgentDeps {
  readonly store: Store;
  readonly cache: Cache;
  readonly switch: Switch;
  readonly kernel: Kernel;
  readonly log: Log;
  readonly host: string;
  /** Canonical. */
  readonly vtepAddress: string;
  /** UDP port of the tunnels. */
  readonly vxlanPort: number;
  /** What the agent was told; the cluster's configuration must say the same. */
  readonly forwarding: "routing" | "bridge";
  /** Absent: none. */
  readonly uplinks?: Uplinks;
  /**
   * Makes the host label this host's, and returns what keeps every write to that; rejects with AgentError "label-taken" when it is
   * another's. Called again when a start failed.
   */
  readonly claim: (identity: string, signal: AbortSignal) => Promise<Fence>;
  readonly now: () => number;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  /** Resolves after `milliseconds`, or when the signal aborts. */
  readonly delay: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

const COMMIT_DEADLINE_MS = 10_000;

export class Agent {
  readonly #abort = new AbortController();
  readonly #troubles = new Map<string, string | undefined>();
  readonly #loops: Promise<void>[] = [];
  #reporting = false;
  readonly #resyncs: ResyncLoop;
  #trouble: string | undefined;
  readonly #announcer: Announcer;
  readonly #infra: InfraEndpoints;
  readonly #hostPorts: HostPortsHealth;

  private constructor(
    private readonly deps: AgentDeps,
    /** For every transaction in this host's name. */
    readonly fenced: Fence,
    private readonly desired: DesiredState,
    private readonly reconciler: Reconciler,
    readonly endpoints: Endpoints,
    readonly switchFacts: SwitchFacts,
    readonly facts: HostFacts,
    underlayTrouble: string | undefined,
  ) {
    this.#announcer = new Announcer(deps);
    const { host, log, kernel } = deps;
    this.#infra = new InfraEndpoints({
      ...{ host, log, kernel, endpoints },
      snapshot: () => deps.cache.snapshot(),
    });
    const { hostPorts } = reconciler;
    this.#hostPorts = new HostPortsHealth({
      ...deps,
      ...{ desired, hostPorts, underlayTrouble, announcer: this.#announcer },
    });
    this.#resyncs = new ResyncLoop({
      look: () => this.#resync(),
      delay: deps.delay,
      random: deps.random,
    });
  }

  /**
   * Starts the switch, takes a full look, mends the difference. Rejects with
   * AgentError, and has touched nothing, when the store is not this host's; with SwitchError or KernelError when those cannot be used.
   */
  static async start(deps: AgentDeps, signal: AbortSignal): Promise<Agent> {
    const cluster = clusterOf(deps.cache.snapshot());
    refuseOtherForwarding(deps.cache.snapshot(), deps.forwarding);
    const switchFacts = await deps.switch.start(signal);
    refuseForeign(deps.switch.ports(), cluster);
    const fenced = await deps.claim(switchFacts.identity, signal);
    const { host, vtepAddress, vxlanPort } = deps;
    const underlay = await deps.kernel.underlay(vtepAddress);
    const mtu = underlay.mtu - vxlanOverhead(vtepAddress);
    const { datapath } = switchFacts;
    const facts: HostFacts = {
      ...{ host, cluster, datapath, mtu, vtepAddress, vxlanPort },
      ...await uplinkFacts(deps, underlay.mtu),
    };
    const desired = new DesiredState(facts);
    desired.reset(deps.cache.snapshot());
    let agent: Agent | undefined = undefined;
    const reconciler: Reconciler = new Reconciler({
      switch: deps.switch,
      kernel: deps.kernel,
      desired,
      log: deps.log,
      report: (id, trouble) => agent?.report(id, trouble),
    });
    const endpoints = new Endpoints({
      ...deps,
      mtuOf: (network) => mtuOf(network, facts),
      desired,
      reconciler,
      snapshot: () => deps.cache.snapshot(),
      commit: (decide, within, decided) => commit(deps, fenced(decide), within, decided),
      refresh: (keys) => agent?.follow(deps.cache.snapshot(), keys),
    });
    const hindrance = underlayTrouble(facts, underlay);
    const parts = [desired, reconciler, endpoints, switchFacts, facts, hindrance] as const;
    agent = new Agent(deps, fenced, ...parts);
    await agent.#run();
    return agent;
  }

  /** Why the last full comparison failed; undefined when it did not. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** How tunnels and uplinks fare. */
  get hostPorts(): Pick<HostPortsHealth, "tunnelTrouble" | "uplinkTrouble" | "uplink"> {
    return this.#hostPorts;
  }

  /** Flows of the endpoint that goes by this name here: its id, its container's id or name, or a part of one. Throws IntentError. */
  flowsOf(name: string): readonly Flow[] {
    return this.endpoints.flowsOf(name);
  }

  /** Notes how an endpoint fares; the store hears of it soon. */
  report(endpointId: string, trouble: string | undefined): void {
    this.#troubles.set(endpointId, trouble);
    const wanted = this.desired.endpoint(endpointId);
    if (!wanted) this.#announcer.gone(endpointId);
    else if (trouble === undefined) this.#announcer.appeared(wanted);
    if (trouble !== undefined) this.#resyncs.retry();
    if (!this.#reporting) this.#writeStatuses();
  }

  /** Lets go of everything; bridge, ports, flows, links and rules stay. */
  async close(): Promise<void> {
    this.#abort.abort(new DOMException("The agent is closing", "AbortError"));
    await Promise.allSettled(this.#loops);
    await this.reconciler.idle();
    await this.endpoints.idle();
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    const first = this.#resync();
    this.deps.cache.subscribe((change) => this.follow(change.snapshot, change.keys), signal);
    this.#loops.push(
      this.#each(this.deps.switch.events(signal), (event) => this.#onSwitch(event)),
      this.#each(this.deps.kernel.events(signal), (event) => {
        if (this.reconciler.kernelChanged(event)) this.#resyncs.soon();
      }),
      this.#resyncs.run(signal),
      this.#announcer.run(signal),
    );
    if (!await first) this.#resyncs.retry();
  }

  /** Brings the host up to `snapshot`, in which `keys` have changed. */
  follow(snapshot: Snapshot, keys: Iterable<string>): void {
    const changed = [...keys];
    if (changed.some((key) => key.startsWith(NETWORKS))) this.#ensureInfra();
    for (const owner of this.desired.update(snapshot, changed)) {
      const settled = this.reconciler.settle(owner);
      if (owner === BASE) settled.then(() => this.#hostPorts.look(), () => {});
      settled.catch((error) => {
        this.deps.log.debug("{owner} is not as desired yet: {error}", {
          owner,
          error: messageOf(error),
        });
        this.#resyncs.retry();
      });
    }
  }

  async #ensureInfra(): Promise<void> {
    if (!await this.#infra.ensure()) this.#resyncs.retry();
  }

  #onSwitch(event: SwitchEvent): void {
    if (event.type === "disconnected") {
      this.deps.log.warn("Open vSwitch is not reachable: {reason}", { reason: event.reason });
    } else if (event.type === "flows-lost") {
      this.deps.log.warn("ovs-vswitchd has restarted; its flows are put back");
      this.reconciler.flowsLost().catch(() => this.#resyncs.soon());
    } else {
      this.#resyncs.soon();
    }
  }

  async #each<T>(events: AsyncIterable<T>, handle: (event: T) => void): Promise<void> {
    try {
      for await (const event of events) handle(event);
    } catch (error) {
      if (!this.#abort.signal.aborted) {
        this.deps.log.error("Events ended: {error}", { error: messageOf(error) });
      }
    }
  }

  async #resync(): Promise<boolean> {
    try {
      this.desired.reset(this.deps.cache.snapshot());
      const allRight = await this.reconciler.resync();
      this.#trouble = undefined;
      this.#hostPorts.look();
      return await this.#infra.ensure() && allRight;
    } catch (error) {
      const message = messageOf(error);
      if (message !== this.#trouble) {
        this.deps.log.error("This host is not as it should be: {error}", { error: message });
      }
      this.#trouble = message;
      return false;
    }
  }

  async #writeReported(): Promise<void> {
    const troubles = new Map(this.#troubles);
    this.#troubles.clear();
    for (const id of staleStatuses(this.deps.cache.snapshot(), this.deps.host)) {
      troubles.set(id, undefined);
    }
    const signal = AbortSignal.timeout(COMMIT_DEADLINE_MS);
    const decide = (snapshot: Snapshot) => statusPlan(snapshot, this.deps.host, troubles);
    while (await commit(this.deps, this.fenced(decide), signal));
  }

  async #writeStatuses(): Promise<void> {
    this.#reporting = true;
    try {
      await Promise.resolve();
      // What is reported while this is written is written after it.
      while (this.#troubles.size > 0) await this.#writeReported();
    } catch (error) {
      this.deps.log.debug("Could not record endpoint status: {error}", { error: messageOf(error) });
    } finally {
      this.#reporting = false;
    }
  }
}

/** Uplinks count in bridge mode only; those that are there set the MTU of VLANs. */
async function uplinkFacts(
  { forwarding, uplinks, kernel }: AgentDeps,
  otherwise: number,
): Promise<Pick<HostFacts, "uplinks" | "vlanMtu">> {
  if (forwarding !== "bridge") return {};
  const mtus = (await kernel.linkUses(uplinks?.links ?? [])).map(({ mtu }) => mtu);
  return {
    ...(uplinks ? { uplinks } : {}),
    vlanMtu: mtus.length > 0 ? Math.min(...mtus) : otherwise,
  };
}

/** Endpoint transactions of one host are decided one after another: they all want the lowest free number. */
function commit<T>(
  { store, cache, random, delay }: AgentDeps,
  decide: (snapshot: Snapshot) => Plan<T>,
  signal: AbortSignal,
  decided?: (result: T) => void,
): Promise<T> {
  const options = { signal, random, delay, domain: "endpoints" };
  return transact(store, cache, decide, { ...options, ...(decided ? { decided } : {}) });
}

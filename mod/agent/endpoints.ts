/**
 * The agent's EndpointService: an endpoint is written to the store, then the reconciler makes it so; it is taken from the host, then
 * from the store. What fails half-way is undone, and what cannot be undone now (the store is gone) stays recorded for the sweep.
 * @module
 */
import type { EndpointState, NetworkState } from "../model/records.ts";
import { endpointKey } from "../state/keys.ts";
import { messageOf } from "../state/message_of.ts";
import type { Plan } from "../state/plan.ts";
import type { Snapshot } from "../state/snapshot.ts";
import type { Flow } from "../pipeline/flow.ts";
import { createEndpoint, deleteEndpoint, updateEndpoint } from "../intent/endpoint.ts";
import { matchEndpoint } from "../intent/endpoint_lookup.ts";
import { within } from "./deadline.ts";
import { type DesiredEndpoint, hasWayOut } from "./desired_endpoint.ts";
import type { DesiredState } from "./desired_state.ts";
import { endpointOwner } from "./owners.ts";
import type { EndpointRequest, EndpointResult, EndpointService } from "./endpoint_service.ts";
import { IntentError } from "../intent/error.ts";
import type { Log } from "./log.ts";
import type { Reconciler } from "./reconciler.ts";
import { refuseSecond } from "./refuse_second.ts";

/** How long an endpoint's removal may go on after its creation failed. */
const ROLLBACK_DEADLINE_MS = 10_000;

/** How long writing down where a container is may take. */
const RECORD_DEADLINE_MS = 10_000;

interface EndpointRef {
  readonly netID?: string;
  readonly endpointID: string;
}

export interface EndpointsDeps {
  readonly host: string;
  readonly vtepAddress: string;
  readonly mtuOf: (network: NetworkState) => number;
  readonly desired: DesiredState;
  readonly reconciler: Reconciler;
  readonly log: Log;
  readonly now: () => number;
  readonly snapshot: () => Snapshot;
  /** Commits what `decide` decides, and returns when `snapshot()` has it. `decided`: as in TransactOptions. */
  readonly commit: <T>(
    decide: (snapshot: Snapshot) => Plan<T>,
    signal: AbortSignal,
    decided?: (result: T) => void,
  ) => Promise<T>;
  /** Brings the desired state up to `snapshot()` for these keys. */
  readonly refresh: (keys: readonly string[]) => void;
}

export class Endpoints implements EndpointService {
  readonly #recording = new Set<Promise<void>>();

  constructor(private readonly deps: EndpointsDeps) {}

  async create(request: EndpointRequest, signal: AbortSignal): Promise<EndpointResult> {
    const { host, vtepAddress: vtepIP, reconciler } = this.deps;
    let existed = false;
    const decide = (snapshot: Snapshot) => {
      refuseSecond(snapshot, request, host);
      const busyPorts = reconciler.busyPorts();
      const context = { now: this.deps.now(), host, vtepIP, busyPorts };
      const plan = createEndpoint(snapshot, request, context);
      existed = plan.operations.length === 0;
      return plan;
    };
    const endpoint = await this.#commitAndPrepare(decide, () => !existed, signal);
    try {
      return await this.#settle(endpoint, signal);
    } catch (error) {
      if (!existed) await this.#rollback(endpoint);
      throw error;
    }
  }

  /** While the record of a new endpoint is written, what it needs is made. */
  async #commitAndPrepare(
    decide: (snapshot: Snapshot) => Plan<EndpointState>,
    isNew: () => boolean,
    signal: AbortSignal,
  ): Promise<EndpointState> {
    let prepared: string | undefined;
    try {
      return await this.deps.commit(decide, signal, (endpoint) => {
        const foreseen = isNew() ? this.deps.desired.foresee(endpoint) : undefined;
        if (!foreseen) return;
        prepared = endpoint.id;
        this.deps.reconciler.prepare(foreseen);
      });
    } catch (error) {
      if (prepared !== undefined) await this.#unprepare(prepared);
      throw error;
    }
  }

  async #unprepare(id: string): Promise<void> {
    try {
      await this.deps.reconciler.settle(endpointOwner(id));
    } catch (error) {
      this.deps.log.warn(
        "What was made for endpoint {endpoint} is left to the next comparison: {error}",
        { endpoint: id, error: messageOf(error) },
      );
    }
  }

  join(
    ref: { netID: string; endpointID: string },
    sandbox: string,
  ): Promise<EndpointResult> {
    const found = this.#require(ref);
    if (found.endpoint.attachment.sandbox !== sandbox) this.#record(found.endpoint, sandbox);
    return Promise.resolve(this.#result(found));
  }

  /** Resolves when everything that was answered before it was written is written, or has failed. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#recording);
  }

  async remove(ref: { netID?: string; endpointID: string }, signal: AbortSignal): Promise<void> {
    const carried = this.#find(ref);
    if (carried) await this.#takeDown(carried.endpoint, signal);
    try {
      const { host } = this.deps;
      await this.deps.commit(
        (snapshot) => deleteEndpoint(snapshot, { ...ref, host }, { now: this.deps.now() }),
        signal,
      );
    } finally {
      if (carried) this.#restore(carried.endpoint.id);
    }
  }

  find(endpointID: string): EndpointResult | undefined {
    const found = this.#find({ endpointID });
    return found && this.#result(found);
  }

  /** Of the endpoint here with this id, container id or container name, or a part of one; throws IntentError "not-found" or "conflict". */
  flowsOf(name: string): readonly Flow[] {
    const here = [...this.deps.desired.endpoints()];
    const { id } = matchEndpoint(here.map(({ endpoint }) => endpoint), name);
    return here.find(({ endpoint }) => endpoint.id === id)?.flows ?? [];
  }

  /** A container must not wait for this: without it a vanished link is only not made again in its sandbox. */
  #record(endpoint: EndpointState, sandbox: string): void {
    const attachment = { ...endpoint.attachment, sandbox };
    const recorded = this.deps.commit(
      (snapshot) => updateEndpoint(snapshot, endpoint.id, { attachment }),
      AbortSignal.timeout(RECORD_DEADLINE_MS),
    ).then(
      () => {},
      (error) =>
        this.deps.log.warn("The sandbox of endpoint {endpoint} is not recorded: {error}", {
          endpoint: endpoint.id,
          error: messageOf(error),
        }),
    );
    this.#recording.add(recorded);
    recorded.finally(() => this.#recording.delete(recorded));
  }

  /** From desired state, not from the store: only this host's own are found. */
  #find({ netID, endpointID }: EndpointRef): DesiredEndpoint | undefined {
    for (const wanted of this.deps.desired.endpoints()) {
      const { endpoint } = wanted;
      const inNetwork = netID === undefined || endpoint.netID === netID;
      if (endpoint.endpointID === endpointID && inNetwork) return wanted;
    }
    return undefined;
  }

  #require(ref: EndpointRef): DesiredEndpoint {
    const found = this.#find(ref);
    if (found) return found;
    throw new IntentError(
      "not-found",
      "endpoint not found",
      `No endpoint ${ref.endpointID} on host ${this.deps.host}; \`contiv ctl endpoint ls\` lists them`,
    );
  }

  async #settle(endpoint: EndpointState, signal: AbortSignal): Promise<EndpointResult> {
    this.deps.refresh([endpointKey(endpoint.id)]);
    await within(signal, this.deps.reconciler.settle(endpointOwner(endpoint.id)));
    return this.#result(this.#require(endpoint));
  }

  async #takeDown(endpoint: EndpointState, signal: AbortSignal): Promise<void> {
    // With a tenant's last endpoint the flows of its networks go, too.
    const owners = this.deps.desired.retire(endpoint.id);
    try {
      const settling = owners.map((owner) => this.deps.reconciler.settle(owner));
      await within(signal, Promise.all(settling).then(() => {}));
    } catch (error) {
      this.deps.log.warn("Endpoint {endpoint} is left to the next comparison: {error}", {
        endpoint: endpoint.id,
        error: messageOf(error),
      });
    }
  }

  /** After the record went, nothing is wanted; if it had to stay, the endpoint is brought up again. */
  #restore(id: string): void {
    this.deps.refresh([endpointKey(id)]);
    for (const owner of this.deps.desired.restore(id)) {
      this.deps.reconciler.settle(owner).catch(() => {});
    }
  }

  async #rollback(endpoint: EndpointState): Promise<void> {
    try {
      await this.remove(endpoint, AbortSignal.timeout(ROLLBACK_DEADLINE_MS));
    } catch (error) {
      this.deps.log.error(
        "Endpoint {endpoint} could not be created, and not be undone now: {error}",
        {
          endpoint: endpoint.id,
          error: messageOf(error),
        },
      );
    }
  }

  #result({ endpoint, network }: DesiredEndpoint): EndpointResult {
    const out = hasWayOut(network);
    return {
      endpoint,
      network,
      mtu: this.deps.mtuOf(network),
      ...(out ? { gateway: network.gateway } : {}),
      ...(out && endpoint.ipv6Address && network.ipv6Gateway
        ? { gateway6: network.ipv6Gateway }
        : {}),
    };
  }
}

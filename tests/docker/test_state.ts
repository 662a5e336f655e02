/**
 * State in memory, for tests of Docker's driver: real decisions applied to real snapshots, and an EndpointService that is the intent
 * functions with nothing, or what a lab gives it, as data plane.
 * @module
 */
import type {
  EndpointRequest,
  EndpointResult,
  EndpointService,
} from "../../mod/agent/endpoint_service.ts";
import { createEndpoint, deleteEndpoint, updateEndpoint } from "../../mod/intent/endpoint.ts";
import { IntentError } from "../../mod/intent/error.ts";
import { bootstrap } from "../../mod/intent/objects.ts";
import type { EndpointState, NetworkState } from "../../mod/model/records.ts";
import { applyPlan, fixedSnapshot } from "../../mod/state/fixed_snapshot.ts";
import { endpointKey, ENDPOINTS, NETWORKS } from "../../mod/state/keys.ts";
import type { Plan } from "../../mod/state/plan.ts";
import { read, readAll, type Snapshot } from "../../mod/state/snapshot.ts";

/** What a cluster has before its first network. */
function newCluster(): Snapshot {
  const empty = fixedSnapshot({});
  const settings = { fwdMode: "routing" };
  return applyPlan(empty, bootstrap(empty, settings, { now: 0, clusterMode: "docker" }));
}

export class TestState {
  #snapshot = newCluster();
  readonly #listeners = new Set<() => void>();

  readonly snapshot = (): Snapshot => this.#snapshot;

  readonly commit = <T>(decide: (snapshot: Snapshot) => Plan<T>): Promise<T> => {
    try {
      const plan = decide(this.#snapshot);
      this.#snapshot = applyPlan(this.#snapshot, plan);
      for (const listener of this.#listeners) listener();
      return Promise.resolve(plan.result);
    } catch (error) {
      return Promise.reject(error);
    }
  };

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Everything that is stored, for "as it was before" comparisons. */
  dump(): Record<string, string> {
    return Object.fromEntries(this.#snapshot.list("").map((item) => [item.key, item.value]));
  }
}

/** Makes and removes the links of endpoints; none, or a lab's. */
export interface Wiring {
  up(endpoint: EndpointState): Promise<void>;
  down(endpoint: EndpointState): Promise<void>;
}

const NO_WIRING: Wiring = { up: () => Promise.resolve(), down: () => Promise.resolve() };

export class StateEndpoints implements EndpointService {
  constructor(
    readonly state: TestState,
    readonly host: string,
    readonly wiring: Wiring = NO_WIRING,
    readonly now: () => number = () => 1_000_000,
  ) {}

  async create(request: EndpointRequest): Promise<EndpointResult> {
    const context = { now: this.now(), host: this.host, vtepIP: "" };
    const endpoint = await this.state.commit((snapshot) =>
      createEndpoint(snapshot, request, context)
    );
    await this.wiring.up(endpoint);
    return this.#result(endpoint);
  }

  async join(ref: { endpointID: string }, sandbox: string): Promise<EndpointResult> {
    const found = this.find(ref.endpointID);
    if (found === undefined) throw new IntentError("not-found", "endpoint not found");
    const { endpoint } = found;
    const attachment = { ...endpoint.attachment, sandbox };
    return this.#result(
      await this.state.commit((snapshot) => updateEndpoint(snapshot, endpoint.id, { attachment })),
    );
  }

  async remove(ref: { netID?: string; endpointID: string }): Promise<void> {
    const found = this.find(ref.endpointID);
    if (found !== undefined) await this.wiring.down(found.endpoint);
    await this.state.commit((snapshot) =>
      deleteEndpoint(snapshot, { ...ref, host: this.host }, { now: this.now() })
    );
  }

  find(endpointID: string): EndpointResult | undefined {
    const endpoint = readAll<EndpointState>(this.state.snapshot(), ENDPOINTS)
      .find((state) => state.endpointID === endpointID && state.homingHost === this.host);
    return endpoint && this.#result(endpoint);
  }

  get(id: string): EndpointState | undefined {
    return read<EndpointState>(this.state.snapshot(), endpointKey(id));
  }

  #result(endpoint: EndpointState): EndpointResult {
    const network = read<NetworkState>(this.state.snapshot(), NETWORKS + endpoint.netID);
    if (network === undefined) throw new IntentError("not-found", "network not found");
    const out = network.gateway !== "" && network.internal !== true;
    return {
      endpoint,
      network,
      mtu: 1450,
      ...(out ? { gateway: network.gateway } : {}),
      ...(out && network.ipv6Gateway ? { gateway6: network.ipv6Gateway } : {}),
    };
  }
}

/**
 * Tells which container each endpoint belongs to: driver calls carry no name, so it is looked up once the container runs.
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { DockerContainer, DockerEngine, DockerEvent } from "./engine.ts";
import { delay } from "../delay.ts";
import { DockerError } from "./error.ts";
import { Wake } from "./wake.ts";

const log = getLogger(["contiv", "docker"]);

/** What is to be recorded on the endpoint with this id. */
export interface EndpointDetails {
  readonly endpointID: string;
  readonly containerId: string;
  /** Without Docker's leading slash. */
  readonly commonName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly event: "start" | "die";
}

/** Records the details; an endpoint that is not ours, or is gone, is not an error. */
export type DetailsSink = (details: EndpointDetails, signal: AbortSignal) => Promise<void>;

/** Container events after which an endpoint's details may be others. `connect` is the network's event. */
const ACTIONS: ReadonlySet<string> = new Set(["start", "rename", "connect"]);

/** Milliseconds between tries of what did not work: the engine answers late while it starts, or the store is away. */
const RETRY = 2_000;
const CALM = 60_000;

/** Types of events to follow for this. */
export const DETAIL_EVENTS: readonly string[] = ["container", "network"];

export class EndpointDetailsFollower {
  /** Endpoints of running containers: when one dies, the engine no longer says which they were. */
  readonly #endpoints = new Map<string, EndpointDetails[]>();
  /** Containers whose look failed; and whether the list of them did. */
  readonly #missed = new Set<string>();
  #missedAll = false;
  readonly #wake = new Wake();

  constructor(
    private readonly engine: DockerEngine,
    private readonly sink: DetailsSink,
    private readonly retry = RETRY,
  ) {}

  /** Tries again what did not work, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#wake.wait(CALM, signal);
      if (!this.#missedAll && this.#missed.size === 0) continue;
      await delay(this.retry, signal);
      if (this.#missedAll) await this.refresh(signal).catch(() => {});
      const ids = [...this.#missed];
      this.#missed.clear();
      for (const id of ids) await this.#look(id, signal).catch(() => {});
    }
  }

  /** Looks at all running containers, as after connecting. */
  async refresh(signal: AbortSignal): Promise<void> {
    this.#missedAll = false;
    try {
      for (const id of await this.engine.listContainers(signal)) await this.#look(id, signal);
    } catch (error) {
      this.#missedAll = true;
      this.#wake.set();
      throw error;
    }
  }

  async handle(event: DockerEvent, signal: AbortSignal): Promise<void> {
    const container = event.Type === "container"
      ? event.Actor.ID
      : event.Actor.Attributes?.["container"] ?? "";
    if (container === "") return;
    if (event.Type === "container" && event.Action === "die") {
      return await this.#died(container, signal);
    }
    if (ACTIONS.has(event.Action)) await this.#look(container, signal);
  }

  async #look(id: string, signal: AbortSignal): Promise<void> {
    try {
      const container = await this.engine.inspectContainer(id, signal);
      if (!container.State.Running) return;
      const all = detailsOf(container);
      this.#endpoints.set(id, all);
      for (const details of all) await this.sink(details, signal);
    } catch (error) {
      if (error instanceof DockerError && error.code === "not-found") return;
      if (!(error instanceof Error) || signal.aborted) throw error;
      this.#missed.add(id);
      this.#wake.set();
      log.warn("cannot record the name of container {id}: {error}", { id, error: error.message });
    }
  }

  async #died(id: string, signal: AbortSignal): Promise<void> {
    const all = this.#endpoints.get(id) ?? [];
    this.#endpoints.delete(id);
    for (const details of all) await this.sink({ ...details, event: "die" }, signal);
  }
}

/** One for each network that the container is attached to. */
export function detailsOf(container: DockerContainer): EndpointDetails[] {
  return Object.values(container.NetworkSettings.Networks ?? {})
    .filter((network) => network.EndpointID !== "")
    .map((network) => ({
      endpointID: network.EndpointID,
      containerId: container.Id,
      commonName: container.Name.replace(/^\//, ""),
      labels: container.Config.Labels ?? {},
      event: "start",
    }));
}

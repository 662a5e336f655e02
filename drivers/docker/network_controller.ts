/**
 * Keeps this host's Docker networks equal to the store's networks and groups: looks, decides (mod/docker/networks.ts), acts, and again
 * at every change on either side. Never part of a driver call: the engine calls our driver while it creates a network for us.
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Plan } from "../../mod/state/plan.ts";
import type { Snapshot } from "../../mod/state/snapshot.ts";
import { deleteNetwork } from "../../mod/docker/delete_network.ts";
import { recordMapping } from "../../mod/docker/mapping.ts";
import { describeRef } from "../../mod/docker/names.ts";
import {
  decideNetworks,
  type EngineNetwork,
  type NetworkAction,
  type NetworkProblem,
} from "../../mod/docker/networks.ts";
import type { DockerEngine, DockerNetwork } from "./engine.ts";
import { DockerError } from "./error.ts";
import { Wake } from "./wake.ts";

const log = getLogger(["contiv", "docker"]);

/** Milliseconds between looks when nothing tells of a change: after success, and after something did not work. */
const CALM = 60_000;
const RETRY = 3_000;
/** Milliseconds for which the engine must have lacked a network that the store says it has: it creates in steps. */
const VANISH_GRACE = 60_000;

export interface NetworkControllerOptions {
  readonly engine: DockerEngine;
  /** This host's label. */
  readonly host: string;
  /** What the engine knows our driver by: `netplugin`, or the managed plugin's name with its tag. */
  readonly driver: string;
  readonly now: () => number;
  readonly snapshot: () => Snapshot | Promise<Snapshot>;
  readonly commit: <T>(
    decide: (snapshot: Snapshot) => Plan<T>,
    signal: AbortSignal,
  ) => Promise<T>;
  /** Told after every pass: what a person has to see to; empty when all is well. */
  readonly onProblems?: (problems: readonly NetworkProblem[]) => void;
}

export class NetworkController {
  readonly #wake = new Wake();
  /** When the engine was first seen without a recorded network, by Docker's id. */
  readonly #missingSince = new Map<string, number>();
  #reported = "";

  constructor(private readonly options: NetworkControllerOptions) {}

  /** Something changed: networks, groups, the engine's list, or the engine is back. */
  changed(): void {
    this.#wake.set();
  }

  /** Runs until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const calm = await this.#attempt(signal);
      await this.#wake.wait(calm ? CALM : RETRY, signal);
    }
  }

  async #attempt(signal: AbortSignal): Promise<boolean> {
    try {
      const problems = await this.pass(signal);
      this.#report(problems);
      return problems.length === 0;
    } catch (error) {
      const absent = error instanceof DockerError && error.code === "unavailable";
      if (!signal.aborted && !absent) log.error("Docker networks: {error}", { error });
      return false;
    }
  }

  /** One look, and what it takes. One network that cannot be made right keeps none of the others from it. */
  async pass(signal: AbortSignal): Promise<NetworkProblem[]> {
    const { engine, host, driver, snapshot } = this.options;
    // The engine first: a network that is made between the two looks then is in the store only, and "forget" waits.
    const present = (await engine.listNetworks(signal)).map(engineNetwork);
    const { actions, problems } = decideNetworks(await snapshot(), present, { host, driver });
    const failures: NetworkProblem[] = [];
    this.#forgetAppeared(actions);
    for (const action of actions) {
      try {
        await this.#act(action, signal);
      } catch (error) {
        if (!(error instanceof Error) || signal.aborted) throw error;
        failures.push(failure(action, error));
      }
    }
    return [...problems, ...failures];
  }

  async #act(action: NetworkAction, signal: AbortSignal): Promise<void> {
    const { engine, host, commit } = this.options;
    switch (action.type) {
      case "create": {
        const id = await engine.createNetwork(action.body, signal);
        log.info("created Docker network {name}", { name: action.body.Name, id });
        return;
      }
      case "remove":
        await engine.removeNetwork(action.id, signal).catch(ignoreNotFound);
        log.info("removed Docker network {name}: {why}", action);
        // What is wanted under its name is made in the next pass.
        return this.changed();
      case "record":
        return await commit((snapshot) => ({
          ...recordMapping(snapshot, action.ref, host, action.id, false),
          result: undefined,
        }), signal);
      case "forget":
        return await this.#forget(action.id, signal);
    }
  }

  /** As if the engine had told: it was removed while this process was not there to hear. */
  async #forget(id: string, signal: AbortSignal): Promise<void> {
    const { host, now, commit } = this.options;
    const since = this.#missingSince.get(id) ?? now();
    this.#missingSince.set(id, since);
    if (now() - since < VANISH_GRACE) return;
    await commit((snapshot) => deleteNetwork(snapshot, id, host, { host, now: now() }), signal);
    this.#missingSince.delete(id);
  }

  #forgetAppeared(actions: readonly NetworkAction[]): void {
    const missing = new Set(
      actions.flatMap((action) => action.type === "forget" ? [action.id] : []),
    );
    for (const id of this.#missingSince.keys()) {
      if (!missing.has(id)) this.#missingSince.delete(id);
    }
  }

  #report(problems: readonly NetworkProblem[]): void {
    this.options.onProblems?.(problems);
    const text = problems.map((problem) => problem.message).join("\n");
    if (text !== this.#reported && text !== "") log.error("Docker networks: {text}", { text });
    this.#reported = text;
  }
}

function engineNetwork(network: DockerNetwork): EngineNetwork {
  return {
    id: network.Id,
    name: network.Name,
    driver: network.Driver,
    labels: network.Labels ?? {},
    subnets: (network.IPAM?.Config ?? []).map((pool) => pool.Subnet),
  };
}

function failure(action: NetworkAction, error: Error): NetworkProblem {
  if (action.type === "remove") {
    return {
      ref: undefined,
      message: `cannot remove Docker network ${action.name} (${action.why}): ${error.message}; ` +
        `it is tried again; see what uses it: docker network inspect ${action.name}`,
    };
  }
  return {
    ref: action.ref,
    message: `Docker network of ${describeRef(action.ref)}: ${error.message}`,
  };
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof DockerError && error.code === "not-found")) throw error;
}

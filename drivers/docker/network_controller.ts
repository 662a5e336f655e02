/**
 * Keeps a Docker engine's networks equal to the store's networks and groups: looks, decides (mod/docker/networks.ts), acts, and again
 * at every change on either side. Never part of a driver call: the engine calls our driver while it creates a network for us. Each
 * host's agent does so for its own engine; of engines that share a cluster store, one agent does so at a time.
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Plan } from "../../mod/state/plan.ts";
import type { NetworkRef } from "../../mod/agent/endpoint_service.ts";
import type { Snapshot } from "../../mod/state/snapshot.ts";
import { loseNetwork } from "../../mod/docker/delete_network.ts";
import { CLUSTER_STORE, forgetMapping, recordMapping } from "../../mod/docker/mapping.ts";
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
  /** Who has the engine's networks: the host, or CLUSTER_STORE. */
  readonly holder: string;
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

  /** Runs until `signal` aborts. With a cluster store it ends when no engine answers here, too: another host's may do. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const outcome = await this.#attempt(signal);
      if (outcome === "absent" && this.options.holder === CLUSTER_STORE) return;
      await this.#wake.wait(outcome === "calm" ? CALM : RETRY, signal);
    }
  }

  async #attempt(signal: AbortSignal): Promise<"calm" | "retry" | "absent"> {
    try {
      const problems = await this.pass(signal);
      this.#report(problems);
      return problems.length === 0 ? "calm" : "retry";
    } catch (error) {
      if (error instanceof DockerError && error.code === "unavailable") return "absent";
      if (!signal.aborted) log.error("Docker networks: {error}", { error });
      return "retry";
    }
  }

  /** One look, and what it takes. One network that cannot be made right keeps none of the others from it. */
  async pass(signal: AbortSignal): Promise<NetworkProblem[]> {
    const { engine, holder, driver, snapshot } = this.options;
    // The engine first: a network that is made between the two looks then is in the store only, and "forget" waits.
    const present = (await engine.listNetworks(signal)).map(engineNetwork);
    const { actions, problems } = decideNetworks(await snapshot(), present, { holder, driver });
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
    const { engine, holder, commit } = this.options;
    switch (action.type) {
      case "create": {
        const id = await engine.createNetwork(action.body, signal);
        log.info("created Docker network {name}", { name: action.body.Name, id });
        return;
      }
      case "remove":
        if (action.ref !== undefined) await this.#withdraw(action.ref, action.id, signal);
        await engine.removeNetwork(action.id, signal).catch(ignoreNotFound);
        log.info("removed Docker network {name}: {why}", action);
        // What is wanted under its name is made in the next pass.
        return this.changed();
      case "record":
        return await commit((snapshot) => ({
          ...recordMapping(snapshot, action.ref, holder, action.id),
          result: undefined,
        }), signal);
      case "forget":
        return await this.#forget(action.id, signal);
    }
  }

  /** The engine will ask our driver to delete it: which must not take that for a user's wish. */
  async #withdraw(ref: NetworkRef, id: string, signal: AbortSignal): Promise<void> {
    await this.options.commit((snapshot) => ({
      ...forgetMapping(snapshot, ref, this.options.holder, id),
      result: undefined,
    }), signal);
  }

  /** The engine has lost it while this process was not there to hear, or with its disk. */
  async #forget(id: string, signal: AbortSignal): Promise<void> {
    const { host, holder, now, commit } = this.options;
    const since = this.#missingSince.get(id) ?? now();
    this.#missingSince.set(id, since);
    if (now() - since < VANISH_GRACE) return;
    await commit((snapshot) => loseNetwork(snapshot, id, holder, { host, now: now() }), signal);
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

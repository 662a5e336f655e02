/**
 * Releases what this host's engine has forgotten (mod/docker/stale_endpoints.ts): soon after the engine can be asked again, and from
 * time to time. Nothing is released on one look alone, and nothing while the engine cannot be asked.
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { EndpointService } from "../../mod/agent/endpoint_service.ts";
import {
  findStale,
  mayRelease,
  releaseStale,
  type Stale,
  type StaleAddress,
} from "../../mod/docker/stale_endpoints.ts";
import { releaseAddress } from "../../mod/intent/endpoint.ts";
import type { Plan } from "../../mod/state/plan.ts";
import type { Snapshot } from "../../mod/state/snapshot.ts";
import type { DockerEngine } from "./engine.ts";
import { knownEndpoints } from "./known_endpoints.ts";
import { Wake } from "./wake.ts";

const log = getLogger(["contiv", "docker"]);

/** Milliseconds between looks: when the last found nothing, and when what it found is to be confirmed. */
const CALM = 60_000;
const CONFIRM = 5_000;
/** Milliseconds that one look, and releasing what it confirms, may take. */
const DEADLINE = 30_000;

export interface StaleSweepOptions {
  readonly engine: DockerEngine;
  /** This host's label. */
  readonly host: string;
  readonly endpoints: Pick<EndpointService, "remove">;
  readonly now: () => number;
  readonly snapshot: () => Snapshot;
  readonly commit: <T>(decide: (snapshot: Snapshot) => Plan<T>, signal: AbortSignal) => Promise<T>;
}

export class StaleSweep {
  readonly #wake = new Wake();
  #before: readonly Stale[] = [];

  constructor(private readonly options: StaleSweepOptions) {}

  /** The engine can be asked (again): it may have forgotten something meanwhile. */
  changed(): void {
    this.#wake.set();
  }

  /** Runs until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#attempt(AbortSignal.any([signal, AbortSignal.timeout(DEADLINE)]));
      const pause = this.#before.length === 0 ? CALM : CONFIRM;
      // Looks that confirm one another are apart, and of one engine's life.
      if (await this.#wake.wait(pause, signal)) this.#before = [];
    }
  }

  async #attempt(signal: AbortSignal): Promise<void> {
    try {
      await this.pass(signal);
    } catch (error) {
      if (!signal.aborted) log.debug("No sweep of what Docker has forgotten: {error}", { error });
    }
  }

  /**
   * One look, and the release of what the look before found too. Throws when the engine cannot be asked:
   * what was found before then has to be found twice again.
   */
  async pass(signal: AbortSignal): Promise<void> {
    const { engine, host, now, snapshot } = this.options;
    const before = this.#before;
    this.#before = [];
    const stored = snapshot();
    const facts = await knownEndpoints(engine, signal);
    const found = findStale(stored, facts, { host, now: now() });
    for (const stale of mayRelease(before, found, now())) await this.#release(stale, signal);
    this.#before = found;
  }

  async #release(stale: Stale, signal: AbortSignal): Promise<void> {
    const { endpoints, commit } = this.options;
    if (stale.type === "endpoint") {
      await endpoints.remove(stale.endpoint, signal);
      for (const address of stale.addresses) await this.#releaseAddress(address, signal);
    } else {
      await commit((snapshot) => releaseStale(snapshot, stale, this.#asker()), signal);
    }
    log.info("Released {type} {key}, which Docker no longer knows", {
      type: stale.type,
      key: stale.key,
    });
  }

  /** Docker held it for the endpoint, and would have released it next. */
  async #releaseAddress(address: StaleAddress, signal: AbortSignal): Promise<void> {
    await this.options.commit(
      (snapshot) => releaseAddress(snapshot, address, this.#asker()),
      signal,
    );
  }

  #asker(): { host: string; now: number } {
    return { host: this.options.host, now: this.options.now() };
  }
}

/**
 * The sweep of a host's agent, at the start and every minute: allocations without a living owner are freed, and endpoints whose
 * namespace has been gone for long are removed. What Docker holds, docker_part.ts judges: only it knows what the engine has in use.
 * @module
 */
import type { EndpointService } from "../../mod/agent/endpoint_service.ts";
import type { Kernel } from "../../mod/agent/kernel.ts";
import type { Log } from "../../mod/agent/log.ts";
import { namespaceEndpoints, VanishedNamespaces } from "../../mod/agent/vanished_namespaces.ts";
import { sweep } from "../../mod/alloc/sweep.ts";
import type { EndpointState } from "../../mod/model/records.ts";
import type { Cache } from "../../mod/state/cache.ts";
import { delay } from "./delay.ts";
import { lookAgain } from "./look_again.ts";
import type { Services } from "./services.ts";
import type { State } from "./state_part.ts";

const INTERVAL_MS = 60_000;
const DEADLINE_MS = 30_000;

export interface SweepDeps {
  readonly state: Pick<State, "snapshot" | "commit"> & {
    readonly cache: Pick<Cache, "unreadable">;
  };
  readonly endpoints: Pick<EndpointService, "remove">;
  readonly kernel: Pick<Kernel, "namespaceExists">;
  readonly host: string;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Sweeps until `services` close. */
export function startSweep(deps: SweepDeps, services: Services): void {
  const stop = new AbortController();
  const sweeping = sweepLoop(deps, stop.signal);
  services.add("sweep", async () => {
    stop.abort();
    await sweeping;
  });
}

async function sweepLoop(deps: SweepDeps, signal: AbortSignal): Promise<void> {
  const vanished = new VanishedNamespaces();
  const within = () => AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  await lookAgain({
    look: () => sweepOnce(deps, vanished, within()),
    interval: INTERVAL_MS,
    failing: "The sweep failed",
    mended: "The sweep works again",
    log: deps.log,
    random: Math.random,
    delay,
  }, signal);
}

/** One pass; `vanished` remembers what the passes before have seen. */
export async function sweepOnce(
  deps: SweepDeps,
  vanished: VanishedNamespaces,
  signal: AbortSignal,
): Promise<void> {
  await freeOrphans(deps, signal);
  await removeVanished(deps, vanished, signal);
}

async function freeOrphans({ state, log, now }: SweepDeps, signal: AbortSignal): Promise<void> {
  // A record that cannot be read may be the owner that nobody sees.
  if (state.cache.unreadable.length > 0) return;
  // Without `host` no address that Docker holds is judged, and `grace` concerns no other.
  const found = await state.commit(
    (snapshot) => sweep(snapshot, now(), { grace: Infinity }),
    signal,
  );
  for (const { key, reason } of found) log.warn("Freed {key}: {reason}", { key, reason });
}

async function removeVanished(
  { state, endpoints, kernel, host, log, now }: SweepDeps,
  vanished: VanishedNamespaces,
  signal: AbortSignal,
): Promise<void> {
  const gone: EndpointState[] = [];
  for (const endpoint of namespaceEndpoints(state.snapshot(), host)) {
    const { sandbox } = endpoint.attachment;
    if (sandbox !== undefined && !await kernel.namespaceExists(sandbox)) gone.push(endpoint);
  }
  for (const { netID, endpointID, attachment } of vanished.look(gone, now())) {
    await endpoints.remove({ netID, endpointID }, signal);
    log.warn("Removed endpoint {endpointID} of {netID}: its namespace {namespace} is gone", {
      endpointID,
      netID,
      namespace: attachment.sandbox,
    });
  }
}

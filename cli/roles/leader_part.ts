/**
 * What one master of all does: it holds the original's leader lock, and watches which hosts are there. Every master serves reads and
 * writes all the same.
 * @module
 */
import type { Log } from "../../mod/agent/log.ts";
import { HostAbsence } from "../../mod/intent/host_absence.ts";
import { forgetHost, noteHosts } from "../../mod/intent/host.ts";
import { finishRemoval } from "../../mod/intent/network_removal.ts";
import { type Mandate, runElected } from "../../mod/state/elected.ts";
import { LEADER } from "../../mod/state/registration.ts";
import { delay } from "./delay.ts";
import { lookAgain } from "./look_again.ts";
import type { Services } from "./services.ts";
import type { State } from "./state_part.ts";

/** A look reads the hosts' and agents' records only; a registration takes 10 s to end. */
const INTERVAL_MS = 3_000;
const DEADLINE_MS = 30_000;
/** A host is given up only by a leader who has seen it down for this long itself, or for the grace time when that is shorter. */
const WITNESSED_MS = 3_600_000;
export interface LeaderOptions {
  /** `ip:port` that others reach this master at. */
  readonly address: string;
  /** Milliseconds. */
  readonly ttl: number;
  /** Milliseconds after which a host whose agent is gone is given up; Infinity: never. */
  readonly hostGrace: number;
}

/** Stands for election until `services` close. */
export function startLeader(
  state: State,
  { address, ttl, hostGrace }: LeaderOptions,
  services: Services,
  log: Log,
): void {
  const stop = new AbortController();
  const candidacy = { ...state, name: LEADER, value: address, ttl };
  const standing = runElected(candidacy, async (mandate) => {
    log.info("This master, {address}, leads", { address });
    await watchHosts(state, mandate, hostGrace, log);
    if (!stop.signal.aborted) log.warn("This master, {address}, leads no more", { address });
  }, stop.signal).catch((error) =>
    log.error("This master stands for election no more: {error}", { error: String(error) })
  );
  services.add("leadership", async () => {
    stop.abort(new DOMException("The process stops", "AbortError"));
    await standing;
  });
}

/** Ends when the mandate does. */
async function watchHosts(
  state: State,
  mandate: Mandate,
  grace: number,
  log: Log,
): Promise<void> {
  const absence = new HostAbsence(Math.min(grace, WITNESSED_MS));
  await lookAgain({
    // A store that is away loses the agents' registrations with it: nobody is judged by what was last seen.
    look: async () => {
      if (state.cache.synced) await lookAtHosts(state, mandate, absence, grace, log);
    },
    interval: INTERVAL_MS,
    failing: "Hosts are not watched",
    mended: "Hosts are watched again",
    random: Math.random,
    ...{ log, delay },
  }, mandate.signal);
}

/** Of networks, that a master began and did not end. */
async function finishRemovals(
  state: State,
  { signal, fenced }: Mandate,
  log: Log,
): Promise<void> {
  // The mode decides what may be removed: of what was begun, that has been decided.
  const context = () => ({ now: Date.now(), clusterMode: "" });
  const step = fenced((snapshot) => finishRemoval(snapshot, context()));
  for (let more = true; more && !signal.aborted;) {
    const within = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
    const left = await state.commit(step, within);
    if (left !== undefined) log.debug("Removed a part of network {left}", { left });
    more = left !== undefined;
  }
}

/** Notes which hosts went and came, then forgets those that are gone for long, part by part. */
async function lookAtHosts(
  state: State,
  mandate: Mandate,
  absence: HostAbsence,
  grace: number,
  log: Log,
): Promise<void> {
  const { signal, fenced } = mandate;
  const within = () => AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  const noted = await state.commit(fenced((snapshot) => noteHosts(snapshot, Date.now())), within());
  for (const { label, now } of noted) log.warn("Host {label} is {now}", { label, now });
  await finishRemovals(state, mandate, log);
  const absent = absence.look(state.snapshot(), performance.now());
  const forget = fenced((snapshot) => forgetHost(snapshot, Date.now(), grace, absent));
  while (!signal.aborted) {
    const part = await state.commit(forget, within());
    if (!part) return;
    log.warn(
      "Host {label} has been gone for too long: {endpoints} endpoints and {allocations} allocations of it are removed",
      { ...part },
    );
  }
}

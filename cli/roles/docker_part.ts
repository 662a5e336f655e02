/**
 * Docker on this host: the driver's socket, the engine's networks, containers' names, and the sweep of what the engine has forgotten.
 * The socket answers before anything else is there; what needs the store or the switch says so until they are.
 * @module
 */
import { libnetworkApi } from "../../api/libnetwork/handler.ts";
import { serveUnix } from "../../api/unix_socket.ts";
import { DockerEngine } from "../../drivers/docker/engine.ts";
import { DETAIL_EVENTS, EndpointDetailsFollower } from "../../drivers/docker/endpoint_details.ts";
import { followEvents } from "../../drivers/docker/follow_events.ts";
import { NetworkController } from "../../drivers/docker/network_controller.ts";
import { StaleSweep } from "../../drivers/docker/stale_sweep.ts";
import type { EndpointService } from "../../mod/agent/endpoint_service.ts";
import type { Log } from "../../mod/agent/log.ts";
import { CLUSTER_STORE } from "../../mod/docker/mapping.ts";
import { OwnNetworks } from "../../mod/docker/own_networks.ts";
import { updateEndpoint } from "../../mod/intent/endpoint.ts";
import { endpointsOfHost } from "../../mod/intent/host_endpoints.ts";
import { runElected } from "../../mod/state/elected.ts";
import { delay } from "./delay.ts";
import type { Later } from "./later.ts";
import type { Services } from "./services.ts";
import type { DriverSettings } from "./settings.ts";
import type { State } from "./state_part.ts";

/** Held by the host whose agent keeps the networks of engines that share a cluster store; the time in which another takes over. */
const CONTROLLER_LOCK = "docker/networks";
const CONTROLLER_TTL_MS = 10_000;
/** Between looks for an engine that does not answer. */
const ABSENT_PAUSE_MS = 3_000;

/** What is not there yet while the process starts. */
export interface Awaited {
  readonly state: Later<State>;
  readonly endpoints: Later<EndpointService>;
}

/**
 * Serves the plugin socket from now on. Returns how to stop: to be done before what the calls need is closed. The engine tries a call
 * again for 15 s when nobody listens, so a restart of this process fails none.
 */
export async function serveDockerPlugin(
  path: string,
  host: string,
  scope: "local" | "global",
  { state, endpoints }: Awaited,
): Promise<() => Promise<void>> {
  const stop = new AbortController();
  const handler = libnetworkApi({
    host,
    scope,
    now: Date.now,
    snapshot: async () => (await state.wait()).snapshot(),
    commit: async (decide, signal) => await (await state.wait()).commit(decide, signal),
    endpoints: {
      create: async (request, signal) => await (await endpoints.wait()).create(request, signal),
      join: async (ref, sandbox, signal) =>
        await (await endpoints.wait()).join(ref, sandbox, signal),
      remove: async (ref, signal) => await (await endpoints.wait()).remove(ref, signal),
      find: (endpointID) => endpoints.require().find(endpointID),
    },
  });
  const server = await serveUnix(path, { handler, signal: stop.signal });
  return async () => {
    stop.abort();
    await server.finished;
  };
}

/** Follows the engine at `socket`, there or not, until `services` close. */
export function followDocker(
  socket: string,
  { name, scope }: DriverSettings,
  host: string,
  state: State,
  endpoints: EndpointService,
  log: Log,
  services: Services,
): void {
  const stop = new AbortController();
  const { signal } = stop;
  const engine = new DockerEngine(socket);
  const holder = scope === "global" ? CLUSTER_STORE : host;
  const networks = { engine, host, holder, driver: name, now: Date.now, ...state };
  const controller = new NetworkController(networks);
  const sweep = new StaleSweep({ engine, host, endpoints, now: Date.now, ...state });
  const details = new EndpointDetailsFollower(
    engine,
    (found, within) => record(state, host, found, within),
  );
  const own = new OwnNetworks(holder, state.snapshot());
  state.cache.subscribe(({ snapshot, keys }) => {
    if (own.concerned(snapshot, keys)) controller.changed();
  }, signal);
  const follow = async () => {
    for await (const news of followEvents(engine, DETAIL_EVENTS, signal)) {
      if (news.type === "disconnected") continue;
      if (news.type === "connected") sweep.changed();
      controller.changed();
      const work = news.type === "connected"
        ? details.refresh(signal)
        : details.handle(news.event, signal);
      await work.catch((error) => log.debug("Docker event: {error}", { error: String(error) }));
    }
  };
  const controlled = scope === "global"
    ? controlTogether(controller, engine, host, state, signal)
    : controller.run(signal);
  const loops = [controlled, follow(), details.run(signal), sweep.run(signal)];
  services.add("Docker controller", async () => {
    stop.abort();
    await Promise.allSettled(loops);
    engine.close();
  });
}

/** Engines of one cluster store show one another's networks: one agent whose engine answers keeps them, and another takes over. */
async function controlTogether(
  controller: NetworkController,
  engine: DockerEngine,
  host: string,
  state: State,
  signal: AbortSignal,
): Promise<void> {
  const candidacy = { ...state, name: CONTROLLER_LOCK, value: host, ttl: CONTROLLER_TTL_MS };
  while (!signal.aborted) {
    const absent = new AbortController();
    await engine.ping(signal).catch(() => absent.abort());
    await runElected(candidacy, async (mandate) => {
      await controller.run(AbortSignal.any([mandate.signal, signal]));
      if (!mandate.signal.aborted) absent.abort();
    }, AbortSignal.any([signal, absent.signal]));
    await delay(ABSENT_PAUSE_MS * (0.5 + Math.random()), signal);
  }
}

/** Writes a container's name and labels to its endpoint, unless they are there. */
async function record(
  state: State,
  host: string,
  found: {
    endpointID: string;
    containerId: string;
    commonName: string;
    labels: Readonly<Record<string, string>>;
  },
  signal: AbortSignal,
): Promise<void> {
  const endpoint = endpointsOfHost(state.snapshot(), host)
    .find((candidate) => candidate.endpointID === found.endpointID);
  if (!endpoint) return;
  const { containerId, commonName: epCommonName, labels } = found;
  const same = endpoint.containerId === containerId && endpoint.epCommonName === epCommonName &&
    JSON.stringify(endpoint.labels) === JSON.stringify(labels);
  if (same) return;
  await state.commit(
    (snapshot) => updateEndpoint(snapshot, endpoint.id, { containerId, epCommonName, labels }),
    signal,
  );
}

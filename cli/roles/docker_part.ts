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
import { IntentError } from "../../mod/intent/error.ts";
import { updateEndpoint } from "../../mod/intent/endpoint.ts";
import type { EndpointState } from "../../mod/model/records.ts";
import {
  DOCKER_NETWORKS,
  ENDPOINTS,
  GROUPS,
  MASTER_CONFIG,
  NETWORKS,
} from "../../mod/state/keys.ts";
import { readAll } from "../../mod/state/snapshot.ts";
import type { Services } from "./services.ts";
import type { State } from "./state_part.ts";

/** What is not there yet while the process starts. */
export interface Later {
  state?: State;
  endpoints?: EndpointService;
}

/**
 * Serves the plugin socket from now on. Returns how to stop: to be done before what the calls need is closed. The engine tries a call
 * again for 15 s when nobody listens, so a restart of this process fails none.
 */
export async function serveDockerPlugin(
  path: string,
  host: string,
  later: Later,
): Promise<() => Promise<void>> {
  const stop = new AbortController();
  const handler = libnetworkApi({
    host,
    scope: "local",
    now: Date.now,
    snapshot: () => required(later.state, "the store").snapshot(),
    commit: (decide, signal) => required(later.state, "the store").commit(decide, signal),
    endpoints: {
      create: (request, signal) =>
        required(later.endpoints, "Open vSwitch").create(request, signal),
      join: (ref, sandbox, signal) =>
        required(later.endpoints, "Open vSwitch").join(ref, sandbox, signal),
      remove: (ref, signal) => required(later.endpoints, "Open vSwitch").remove(ref, signal),
      find: (endpointID) => required(later.endpoints, "Open vSwitch").find(endpointID),
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
  driver: string,
  host: string,
  state: State,
  endpoints: EndpointService,
  log: Log,
  services: Services,
): void {
  const stop = new AbortController();
  const { signal } = stop;
  const engine = new DockerEngine(socket);
  const controller = new NetworkController({ engine, host, driver, now: Date.now, ...state });
  const sweep = new StaleSweep({ engine, host, endpoints, now: Date.now, ...state });
  const details = new EndpointDetailsFollower(
    engine,
    (found, within) => record(state, found, within),
  );
  state.cache.subscribe((change) => {
    for (const key of change.keys) if (concernsNetworks(key)) return controller.changed();
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
  const loops = [controller.run(signal), follow(), sweep.run(signal)];
  services.add("Docker controller", async () => {
    stop.abort();
    await Promise.allSettled(loops);
    engine.close();
  });
}

function required<T>(value: T | undefined, what: string): T {
  if (value !== undefined) return value;
  throw new IntentError(
    "unavailable",
    `${what} is not ready yet`,
    "Try again in a moment; `contiv doctor` says what is missing",
  );
}

function concernsNetworks(key: string): boolean {
  return key === MASTER_CONFIG ||
    [NETWORKS, GROUPS, DOCKER_NETWORKS].some((prefix) => key.startsWith(prefix));
}

/** Writes a container's name and labels to its endpoint, unless they are there. */
async function record(
  state: State,
  found: {
    endpointID: string;
    containerId: string;
    commonName: string;
    labels: Readonly<Record<string, string>>;
  },
  signal: AbortSignal,
): Promise<void> {
  const endpoint = readAll<EndpointState>(state.snapshot(), ENDPOINTS)
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

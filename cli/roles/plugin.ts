/**
 * `contiv plugin`: the agent of one host.
 * @module
 */
import { fencedState, startAgent } from "./agent_part.ts";
import { type Awaited, followDocker, serveDockerPlugin } from "./docker_part.ts";
import { startNames } from "./dns_part.ts";
import type { Fence } from "../../mod/intent/host_fence.ts";
import { Later } from "./later.ts";
import { runRole } from "./entry.ts";
import { logOf } from "./logging.ts";
import { PLUGIN_OPTIONS } from "./options.ts";
import type { Services } from "./services.ts";
import { type PluginSettings, pluginSettings } from "./settings.ts";
import { startState, type State } from "./state_part.ts";

export function plugin(argv: string[]): Promise<number> {
  return runRole({
    name: "plugin",
    summary:
      "The agent of this host: connects its containers through Open vSwitch, as the store says. Ends on SIGTERM; " +
      "their traffic goes on.",
    options: PLUGIN_OPTIONS,
    environmentPrefixes: ["CONTIV_NETPLUGIN_"],
    settings: pluginSettings,
    start: (settings, services, signal) =>
      startPlugin(
        settings,
        services,
        signal,
        () => startState(settings.store, services, logOf("state"), signal),
      ),
  }, argv);
}

/** Docker's socket first: the engine waits for its drivers when it starts, whatever else is missing. */
export async function startPlugin(
  settings: PluginSettings,
  services: Services,
  signal: AbortSignal,
  openState: () => Promise<State>,
): Promise<void> {
  const host = settings.host ?? Deno.hostname();
  const later: Awaited = {
    state: new Later("the store"),
    endpoints: new Later("Open vSwitch"),
  };
  const closeSocket = settings.driver
    ? await serveDockerPlugin(settings.driver.socket, host, settings.driver.scope, later)
    : () => Promise.resolve();
  services.add("Docker plugin socket", closeSocket);
  const state = await openState();
  later.state.reason = () =>
    state.cache.status.state === "synced" ? undefined : state.cache.status.reason;
  later.endpoints.reason = later.state.reason;
  // Docker's first questions come before the label is claimed: they are about networks, which are no host's.
  let fence: Fence = (decide) => decide;
  const own = fencedState(state, (decide) => fence(decide));
  void state.cache.whenSynced(signal).then(() => later.state.set(own), () => {});
  const agent = await startAgent(settings, host, state, later, services, logOf("agent"), signal);
  fence = agent.fenced;
  startNames({ host, resolvers: settings.resolvers }, state, services, logOf("names"));
  // Last opened, first closed: no call comes in when the agent has gone.
  services.add("Docker plugin socket", closeSocket);
  if (settings.driver && settings.dockerSocket) {
    followDocker(
      settings.dockerSocket,
      settings.driver,
      host,
      own,
      agent.endpoints,
      logOf("docker"),
      services,
    );
  }
}

/**
 * The agent of this host in a process: kernel, switch, reconciler, its unix socket.
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { agentApi } from "../../api/agent/agent_api.ts";
import { serveUnix } from "../../api/unix_socket.ts";
import { openKernel } from "../../drivers/linux/kernel.ts";
import { openSwitch } from "../../drivers/ovs/switch.ts";
import { Agent } from "../../mod/agent/agent.ts";
import type { Log } from "../../mod/agent/log.ts";
import { formatFlow } from "../../mod/pipeline/flow.ts";
import { delay, persist } from "./delay.ts";
import type { Awaited } from "./docker_part.ts";
import { localAddress } from "./local_address.ts";
import type { Services } from "./services.ts";
import type { PluginSettings } from "./settings.ts";
import type { State } from "./state_part.ts";
import { startSweep } from "./sweep_part.ts";

/** Resolves when this host is as the store says, and its socket answers. Waits for Open vSwitch as long as it takes. */
export async function startAgent(
  settings: PluginSettings,
  host: string,
  state: State,
  later: Pick<Awaited, "endpoints">,
  services: Services,
  log: Log,
  signal: AbortSignal,
): Promise<Agent> {
  const kernel = await openKernel();
  services.add("kernel", () => kernel.close());
  const vswitch = openSwitch({
    runDirectory: settings.ovsRunDirectory,
    datapath: settings.datapath,
    startDaemons: true,
    logger: getLogger(["contiv", "switch"]),
  });
  services.add("switch", () => vswitch.close());
  const deps = {
    store: state.store,
    cache: state.cache,
    switch: vswitch,
    kernel,
    log,
    host,
    vtepAddress: settings.vtepAddress ?? localAddress(Deno.networkInterfaces()),
    now: Date.now,
    random: Math.random,
    delay,
  };
  let started: Agent | undefined = undefined;
  await serveAgent(settings, () => started, later, kernel, services, log);
  let said = "";
  const agent = await persist(
    () => Agent.start(deps, signal),
    (error) => {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== said) {
        log.error("This host's agent cannot start yet: {error}", { error: message });
      }
      said = message;
    },
    signal,
  );
  services.add("agent", () => agent.close());
  started = agent;
  later.endpoints.set(agent.endpoints);
  startSweep({ state, endpoints: agent.endpoints, kernel, host, log, now: Date.now }, services);
  log.info(
    "Host {host} is ready: Open vSwitch {version}, {datapath} datapath, flows by {flowProgrammer}, MTU {mtu}",
    {
      host,
      mtu: agent.facts.mtu,
      ...agent.switchFacts,
    },
  );
  return agent;
}

async function serveAgent(
  settings: PluginSettings,
  agent: () => Agent | undefined,
  later: Pick<Awaited, "endpoints">,
  kernel: { resolveNamespace(nameOrPath: string): Promise<string> },
  services: Services,
  log: Log,
): Promise<void> {
  const app = agentApi({
    endpoints: () => later.endpoints.value,
    resolveNamespace: (nameOrPath) => kernel.resolveNamespace(nameOrPath),
    flows: (name) => agent()?.flowsOf(name).map(formatFlow),
    health: () => {
      const running = agent();
      const trouble = running ? running.trouble : "not started yet";
      return {
        ok: running !== undefined && trouble === undefined,
        ...(trouble ? { trouble } : {}),
        ...running?.facts,
      };
    },
    log,
  });
  const stop = new AbortController();
  const socket = `${settings.runDirectory}/agent.sock`;
  const server = await serveUnix(socket, {
    handler: (request) => app.fetch(request),
    signal: stop.signal,
  });
  services.add("agent socket", async () => {
    stop.abort();
    await server.finished;
  });
}

/**
 * The agent of this host in a process: kernel, switch, reconciler, its unix socket.
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { agentApi } from "../../api/agent/agent_api.ts";
import { serveUnix } from "../../api/unix_socket.ts";
import { openKernel } from "../../drivers/linux/kernel.ts";
import { openSwitch } from "../../drivers/ovs/switch.ts";
import { Agent, type AgentDeps } from "../../mod/agent/agent.ts";
import { HostPresence } from "../../mod/agent/host_presence.ts";
import type { Log } from "../../mod/agent/log.ts";
import type { HostClaim } from "../../mod/intent/host.ts";
import type { Fence } from "../../mod/intent/host_fence.ts";
import { formatAddress, parseAddress } from "../../mod/net/address.ts";
import { formatFlow } from "../../mod/pipeline/flow.ts";
import { VERSION } from "../version.ts";
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
  const local = localAddress(Deno.networkInterfaces());
  let presence: HostPresence | undefined;
  const deps: AgentDeps = {
    store: state.store,
    cache: state.cache,
    switch: vswitch,
    kernel,
    log,
    host,
    vtepAddress: canonicalAddress(settings.vtepAddress) ?? local,
    vxlanPort: settings.vxlanPort,
    forwarding: settings.forwardMode,
    ...(settings.uplinks ? { uplinks: settings.uplinks } : {}),
    claim: async (identity: string, within: AbortSignal) => {
      presence ??= await HostPresence.claim({ ...deps, lost }, claimOf(identity), within);
      return presence.fenced;
    },
    now: Date.now,
    random: Math.random,
    delay,
  };
  // Whoever has the label now judges what is swept under it; started again, this agent waits for it and touches nothing.
  const lost = (error: Error) => services.fail(error);
  const claimOf = (identity: string): HostClaim => ({
    label: host,
    identity,
    controlAddress: canonicalAddress(settings.controlAddress) ?? local,
    vtepAddress: deps.vtepAddress,
    vxlanPort: deps.vxlanPort,
    version: VERSION.Version,
  });
  services.add("registration", async () => await presence?.close());
  let started: Agent | undefined = undefined;
  let said = "";
  const health = () => healthOf(started, presence?.trouble, said, storeTroubles(state));
  await serveAgent(settings, () => started, health, later, kernel, services, log);
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
  const own = fencedState(state, agent.fenced);
  startSweep(
    { state: own, endpoints: agent.endpoints, kernel, host, log, now: Date.now },
    services,
  );
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

/** The same state, written to in this host's name: not once another host has its label. */
export function fencedState(state: State, fenced: Fence): State {
  return { ...state, commit: (decide, within) => state.commit(fenced(decide), within) };
}

/** What concerns other hosts only is a warning: this host's own containers fare well. */
function healthOf(
  agent: Agent | undefined,
  presence: string | undefined,
  waitsFor: string,
  store: readonly string[],
): { ok: boolean; [fact: string]: unknown } {
  const trouble = agent
    ? agent.trouble ?? presence
    : `not started yet: ${waitsFor || "it has just begun"}`;
  const { tunnelTrouble, uplinkTrouble, uplink } = agent?.hostPorts ?? {};
  const warnings = [tunnelTrouble, uplinkTrouble, ...store].filter((it) => it !== undefined);
  return {
    ok: trouble === undefined,
    ...(trouble ? { trouble } : {}),
    ...(warnings.length > 0 ? { warning: warnings.join("; ") } : {}),
    ...(uplink ? { uplink } : {}),
    ...agent?.facts,
  };
}

/** Without the store this host stays as it is, and no endpoint comes or goes; what one broken record concerns, neither. */
function storeTroubles({ cache, store }: State): string[] {
  const { status } = cache;
  const unreadable = cache.unreadable.map(({ message }) => message);
  if (status.state === "synced") return unreadable;
  const since = status.since === undefined ? "" : ` since ${new Date(status.since).toISOString()}`;
  return [`${store.description} is away${since}: ${status.reason}`, ...unreadable];
}

function canonicalAddress(text: string | undefined): string | undefined {
  const address = parseAddress(text ?? "");
  return address && formatAddress(address);
}

async function serveAgent(
  settings: PluginSettings,
  agent: () => Agent | undefined,
  health: () => { ok: boolean; [fact: string]: unknown },
  later: Pick<Awaited, "endpoints">,
  kernel: { resolveNamespace(nameOrPath: string): Promise<string> },
  services: Services,
  log: Log,
): Promise<void> {
  const app = agentApi({
    endpoints: () => later.endpoints.value,
    resolveNamespace: (nameOrPath) => kernel.resolveNamespace(nameOrPath),
    flows: (name) => agent()?.flowsOf(name).map(formatFlow),
    health,
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

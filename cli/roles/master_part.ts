/**
 * A master in a process: the REST API, and the first configuration of an empty store.
 * @module
 */
import { masterApi } from "../../api/rest/master_api.ts";
import { serveMaster } from "../../api/rest/serve.ts";
import type { Log } from "../../mod/agent/log.ts";
import { nameCluster } from "../../mod/intent/cluster.ts";
import { bootstrap } from "../../mod/intent/objects.ts";
import { Bell } from "../../mod/state/bell.ts";
import { LOCKS } from "../../mod/state/keys.ts";
import { LEADER, leaderAddress, serviceRecord } from "../../mod/state/registration.ts";
import { VERSION } from "../version.ts";
import { delay, persist } from "./delay.ts";
import { startLeader } from "./leader_part.ts";
import { localAddress } from "./local_address.ts";
import { register } from "./registration.ts";
import type { Services } from "./services.ts";
import type { ListenAddress, MasterSettings } from "./settings.ts";
import type { State } from "./state_part.ts";

const BOOTSTRAP_DEADLINE_MS = 10_000;
/** How long the start waits for it. */
const CONFIGURATION_MS = 2_000;

/**
 * Resolves when the API answers: with 503 and the reason until the store was read. The global configuration and the tenant `default`
 * are there as soon as the store takes them.
 */
export async function startMaster(
  settings: MasterSettings,
  state: State,
  services: Services,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const address = settings.control?.hostname ?? reachable(settings.listen) ??
    localAddress(Deno.networkInterfaces());
  const port = settings.control?.port ?? settings.listen.port;
  const app = masterApi({
    store: state.store,
    cache: state.cache,
    now: Date.now,
    info: {
      version: VERSION.Version,
      gitCommit: VERSION.GitCommit,
      buildTime: VERSION.BuildTime,
      localAddress: address,
      port,
    },
    clusterMode: settings.mode,
    roles: ["master"],
    log,
  });
  const stop = new AbortController();
  const server = await serveMaster(app, listenText(settings.listen), { signal: stop.signal, log });
  services.add("API", async () => {
    stop.abort();
    await server.finished;
  });
  log.info("The API listens on http://{address}", { address: server.address });
  takePart(settings, { address, port, host: Deno.hostname() }, state, services, log);
  const configuring = configure(settings, state, log, signal);
  // Whoever starts next finds the configuration there, when the store answers at all.
  if (state.cache.synced) await Promise.race([configuring, delay(CONFIGURATION_MS, signal)]);
}

/** Resolves when the first configuration is written, or the signal aborts. */
async function configure(
  settings: MasterSettings,
  state: State,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  let said = "";
  const attempt = async () => {
    await state.cache.whenSynced(signal);
    const deadline = AbortSignal.timeout(BOOTSTRAP_DEADLINE_MS);
    await firstConfiguration(settings, state, AbortSignal.any([signal, deadline]));
  };
  const failed = (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    if (message !== said && state.cache.synced) {
      log.warn("The first configuration is not written yet: {error}", { error: message });
      said = message;
    }
  };
  try {
    await persist(attempt, failed, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Registers this master and stands for election; the record says who leads. */
function takePart(
  { leaderTtl, hostGrace }: MasterSettings,
  at: { readonly address: string; readonly port: number; readonly host: string },
  state: State,
  services: Services,
  log: Log,
): void {
  const own = `${at.address}:${at.port}`;
  const changed = new Bell();
  const stop = new AbortController();
  services.add("leader watch", () => Promise.resolve(stop.abort()));
  state.cache.subscribe(({ keys }) => {
    if (keys.includes(LOCKS + LEADER)) changed.ring();
  }, stop.signal);
  const leads = () => state.cache.revision > 0 && leaderAddress(state.snapshot()) === own;
  const record = () =>
    serviceRecord("netmaster", at, VERSION.Version, leads() ? "leader" : "follower");
  register(state.store, record, services, log, changed);
  startLeader(state, { address: own, ttl: leaderTtl, hostGrace }, services, log);
}

/** The global object, the tenant `default` and the cluster's id, unless they are there. */
async function firstConfiguration(
  settings: MasterSettings,
  { commit }: State,
  signal: AbortSignal,
): Promise<void> {
  const first = { fwdMode: settings.forwardMode, infra: settings.infra };
  const context = { now: Date.now(), clusterMode: settings.mode };
  await commit((snapshot) => bootstrap(snapshot, first, context), signal);
  await commit((snapshot) => nameCluster(snapshot, crypto.randomUUID()), signal);
}

/** The listener's address, when other hosts can reach it and it is one. */
function reachable({ hostname }: ListenAddress): string | undefined {
  return /^(0\.0\.0\.0|::|::1|127\..*)$/.test(hostname) ? undefined : hostname;
}

function listenText({ hostname, port }: ListenAddress): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

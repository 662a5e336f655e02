/**
 * A master in a process: the REST API, and the first configuration of an empty store.
 * @module
 */
import { masterApi } from "../../api/rest/master_api.ts";
import { serveMaster } from "../../api/rest/serve.ts";
import type { Log } from "../../mod/agent/log.ts";
import { nameCluster } from "../../mod/intent/cluster.ts";
import { bootstrap } from "../../mod/intent/objects.ts";
import { serviceRecord } from "../../mod/state/registration.ts";
import { VERSION } from "../version.ts";
import { persist } from "./delay.ts";
import { localAddress } from "./local_address.ts";
import { register } from "./registration.ts";
import type { Services } from "./services.ts";
import type { ListenAddress, MasterSettings } from "./settings.ts";
import type { State } from "./state_part.ts";

const BOOTSTRAP_DEADLINE_MS = 10_000;

/** Resolves when the API answers and the store holds the global configuration and the default tenant. */
export async function startMaster(
  settings: MasterSettings,
  state: State,
  services: Services,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const address = settings.control?.hostname ?? localAddress(Deno.networkInterfaces());
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
  const at = { address, port, host: Deno.hostname() };
  register(state.store, serviceRecord("netmaster", at, VERSION.Version), services, log);
  await persist(
    () =>
      firstConfiguration(
        settings,
        state,
        AbortSignal.any([signal, AbortSignal.timeout(BOOTSTRAP_DEADLINE_MS)]),
      ),
    (error) =>
      log.warn("The first configuration is not written yet: {error}", { error: String(error) }),
    signal,
  );
  log.info("The API listens on http://{address}", { address: server.address });
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

function listenText({ hostname, port }: ListenAddress): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

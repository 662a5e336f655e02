/**
 * `contiv up`: master and plugin in one process: a cluster of one host, or a host of a cluster.
 * @module
 */
import { runRole } from "./entry.ts";
import { logOf } from "./logging.ts";
import { startMaster } from "./master_part.ts";
import { UP_OPTIONS } from "./options.ts";
import { startPlugin } from "./plugin.ts";
import { masterSettings, pluginSettings } from "./settings.ts";
import { startState } from "./state_part.ts";

export function up(argv: string[]): Promise<number> {
  return runRole({
    name: "up",
    summary:
      "Runs a whole cluster of one host, or one host of a cluster, in this process: the API, the Docker driver and Open vSwitch, " +
      "which it starts where it is installed and not running. Ends on SIGTERM; the containers' traffic goes on.",
    options: UP_OPTIONS,
    environmentPrefixes: ["CONTIV_UP_", "CONTIV_NETPLUGIN_", "CONTIV_NETMASTER_"],
    settings: (values) => ({ ...masterSettings(values), ...pluginSettings(values) }),
    start: async (settings, services, signal) => {
      await startPlugin(settings, services, signal, async () => {
        const state = await startState(settings.store, services, logOf("state"), signal);
        await startMaster(settings, state, services, logOf("master"), signal);
        return state;
      });
    },
  }, argv);
}

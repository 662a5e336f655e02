/**
 * `contiv master`: the API and its controllers.
 * @module
 */
import { runRole } from "./entry.ts";
import { logOf } from "./logging.ts";
import { startMaster } from "./master_part.ts";
import { MASTER_OPTIONS } from "./options.ts";
import { masterSettings } from "./settings.ts";
import { startState } from "./state_part.ts";

export function master(argv: string[]): Promise<number> {
  return runRole({
    name: "master",
    summary:
      "Serves the REST API that `contiv ctl` talks to. Containers start and keep their network without it.",
    options: MASTER_OPTIONS,
    environmentPrefixes: ["CONTIV_NETMASTER_"],
    settings: masterSettings,
    start: async (settings, services, signal) => {
      const state = await startState(settings.store, services, logOf("state"), signal);
      await startMaster(settings, state, services, logOf("master"), signal);
    },
  }, argv);
}

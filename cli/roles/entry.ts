/**
 * What the long-running roles have in common: options to settings, help, logging, signals, an orderly end.
 * @module
 */
import { StoreError } from "../../mod/state/store.ts";
import { aborted } from "../../mod/state/timing.ts";
import { VERSION, versionText } from "../version.ts";
import { helpText } from "./help.ts";
import { logOf, startLogging } from "./logging.ts";
import { type Option, OptionError, type OptionValues } from "./option.ts";
import { parseOptions, unknownVariables } from "./parse_options.ts";
import { Services } from "./services.ts";
import type { CommonSettings } from "./settings.ts";
import { PASSWORD_VARIABLE, TOKEN_VARIABLE } from "./store_options.ts";

/** EINVAL, as the original: a configuration, or a store, that cannot be used. Starting again is of no use before somebody acts. */
const UNUSABLE = 22;
const SHUTDOWN_DEADLINE_MS = 4500;

export interface RoleDefinition<T extends CommonSettings> {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly Option[];
  readonly environmentPrefixes: readonly string[];
  readonly settings: (values: OptionValues) => T;
  /** Starts everything, adding what has to be closed to `services`. `signal` aborts when the process is told to stop. */
  readonly start: (settings: T, services: Services, signal: AbortSignal) => Promise<void>;
  /** Milliseconds from SIGTERM to the end of the process, 4.5 s when absent. Traffic goes on without it. */
  readonly shutdownDeadline?: number;
}

/** Runs the role until SIGTERM or SIGINT, or until it cannot go on; returns the exit status. */
export async function runRole<T extends CommonSettings>(
  role: RoleDefinition<T>,
  argv: string[],
): Promise<number> {
  let settings: T;
  try {
    const environment = (name: string) => Deno.env.get(name);
    const parsed = parseOptions(role.options, argv, environment, role.environmentPrefixes);
    if (parsed.help) {
      return print(
        helpText(role.name, role.summary, role.options, role.environmentPrefixes),
      );
    }
    if (parsed.version) return print(versionText(VERSION));
    const unknown = unknownVariables(
      role.options,
      Object.keys(Deno.env.toObject()),
      role.environmentPrefixes,
    );
    if (unknown) throw new OptionError(`Unknown environment variable ${unknown}; see --help`);
    settings = role.settings(parsed.values);
    // What this process starts does not inherit them.
    for (const secret of [PASSWORD_VARIABLE, TOKEN_VARIABLE]) Deno.env.delete(secret);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    console.error(`contiv ${role.name}: ${error.message}`);
    return UNUSABLE;
  }
  await startLogging(settings.log, Deno.hostname());
  return await untilStopped(role, settings);
}

async function untilStopped<T extends CommonSettings>(
  role: RoleDefinition<T>,
  settings: T,
): Promise<number> {
  const log = logOf(role.name);
  const services = new Services(log);
  const stop = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    const onSignal = () => {
      resolve();
      stop.abort(new DOMException("The process was told to stop", "AbortError"));
    };
    Deno.addSignalListener("SIGTERM", onSignal);
    Deno.addSignalListener("SIGINT", onSignal);
  });
  let status = 0;
  const started = role.start(settings, services, stop.signal);
  try {
    await Promise.race([started.then(() => stopped), stopped, services.failed]);
    log.info("Stopping; bridge, ports and flows stay, and traffic goes on");
  } catch (error) {
    if (!stop.signal.aborted) {
      status = needsPerson(error) ? UNUSABLE : 1;
      log.error("Cannot go on: {error}", {
        error: error instanceof Error ? error.message : String(error),
      });
      stop.abort(error);
    }
  }
  const deadline = AbortSignal.timeout(role.shutdownDeadline ?? SHUTDOWN_DEADLINE_MS);
  // What a start under way still opens is to be closed too.
  await Promise.race([started.catch(() => {}), aborted(deadline)]);
  await services.close(deadline);
  return status;
}

function needsPerson(error: unknown): boolean {
  return error instanceof StoreError && error.code === "unusable";
}

function print(text: string): number {
  console.log(text.trimEnd());
  return 0;
}

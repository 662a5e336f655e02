/**
 * Starts Open vSwitch where it is installed but does not run: by systemd where that manages it, else directly. Never touches an
 * existing database file.
 * @module
 */
import { SwitchError } from "../../mod/agent/switch.ts";
import { delay } from "../delay.ts";
import { withDeadline } from "./deadline.ts";
import { vswitchdVersion } from "./vswitchd.ts";

const START_MS = 30_000;
const SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";
const LOG_DIRECTORY = "/var/log/openvswitch";
const SYSTEM_RUN_DIRECTORY = "/run/openvswitch";
/** Debian, Ubuntu; Fedora, RHEL, SUSE. */
const UNITS = ["openvswitch-switch", "openvswitch"];
const UNIT_DIRECTORIES = ["/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system"];
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface DaemonOptions {
  /** Path of the database's unix socket. */
  readonly database: string;
  readonly runDirectory: string;
  /** The database's file; made when absent. */
  readonly databaseFile: string;
}

/** Resolves when both daemons answer. Throws SwitchError "not-installed", "unavailable" or "timeout". */
export async function startDaemons(options: DaemonOptions, signal: AbortSignal): Promise<void> {
  if (await installed("ovsdb-server") && await installed("ovs-vswitchd")) {
    await withDeadline("the start of Open vSwitch", START_MS, signal, async (limited) => {
      await loadKernelModule(limited);
      if (options.runDirectory === SYSTEM_RUN_DIRECTORY) await startUnit(limited);
      // Without a kernel module the distribution's unit starts only ovsdb-server: the userspace datapath needs none.
      if (!await accepts(options.database)) await startDatabase(options, limited);
      if (!await vswitchdVersion(options.runDirectory, limited)) {
        await startVswitchd(options, limited);
      }
      while (!await vswitchdVersion(options.runDirectory, limited)) {
        limited.throwIfAborted();
        await delay(20, limited);
      }
    });
    return;
  }
  throw new SwitchError(
    "not-installed",
    "Open vSwitch is not installed; try: apt-get install openvswitch-switch " +
      "(Fedora, RHEL: dnf install openvswitch)",
  );
}

/** Whether the kernel datapath is there, loading its module if need be. */
export async function loadKernelModule(signal: AbortSignal): Promise<boolean> {
  if (await exists("/sys/module/openvswitch")) return true;
  if (!await installed("modprobe")) return false;
  const { success } = await command("modprobe", ["-q", "openvswitch"], signal);
  return success && await exists("/sys/module/openvswitch");
}

async function startUnit(signal: AbortSignal): Promise<void> {
  if (!await exists("/run/systemd/system")) return;
  for (const unit of UNITS) {
    const files = UNIT_DIRECTORIES.map((directory) => `${directory}/${unit}.service`);
    const found = await Promise.all(files.map(exists));
    // Its failure is not the end: what it did not start is started directly.
    if (found.includes(true)) {
      await command("systemctl", ["start", unit], signal);
      return;
    }
  }
}

async function startDatabase(options: DaemonOptions, signal: AbortSignal): Promise<void> {
  const { databaseFile, runDirectory, database } = options;
  await Deno.mkdir(runDirectory, { recursive: true, mode: 0o755 });
  if (!await exists(databaseFile)) {
    await Deno.mkdir(databaseFile.slice(0, databaseFile.lastIndexOf("/")), { recursive: true });
    await mustRun("ovsdb-tool", ["create", databaseFile, SCHEMA], signal, runDirectory);
  }
  const daemon = await daemonArguments("ovsdb-server", runDirectory);
  await mustRun(
    "ovsdb-server",
    [databaseFile, `--remote=punix:${database}`, ...daemon],
    signal,
    runDirectory,
  );
}

async function startVswitchd(options: DaemonOptions, signal: AbortSignal): Promise<void> {
  const daemon = await daemonArguments("ovs-vswitchd", options.runDirectory);
  await mustRun(
    "ovs-vswitchd",
    [`unix:${options.database}`, ...daemon],
    signal,
    options.runDirectory,
  );
}

/** With --detach the command ends when the daemon is ready. */
async function daemonArguments(name: string, runDirectory: string): Promise<string[]> {
  const system = runDirectory === SYSTEM_RUN_DIRECTORY;
  if (system) await Deno.mkdir(LOG_DIRECTORY, { recursive: true });
  return [
    `--pidfile=${runDirectory}/${name}.pid`,
    `--log-file=${system ? LOG_DIRECTORY : runDirectory}/${name}.log`,
    "--detach",
    "--no-chdir",
    "-vconsole:off",
  ];
}

async function mustRun(
  name: string,
  args: readonly string[],
  signal: AbortSignal,
  runDirectory: string,
): Promise<void> {
  const { success, words } = await command(name, args, signal, runDirectory);
  if (success) return;
  throw new SwitchError(
    "unavailable",
    `cannot start Open vSwitch: ${name} failed: ${words}; try: ${name} ${args.join(" ")}`,
  );
}

async function command(
  name: string,
  args: readonly string[],
  signal: AbortSignal,
  runDirectory = SYSTEM_RUN_DIRECTORY,
): Promise<{ success: boolean; words: string }> {
  try {
    const output = await new Deno.Command(name, {
      args: [...args],
      // Where ovs-appctl looks for their control sockets, which have their names from the pid file.
      env: { PATH, OVS_RUNDIR: runDirectory },
      stdin: "null",
      signal,
    }).output();
    return { success: output.success, words: new TextDecoder().decode(output.stderr).trim() };
  } catch (cause) {
    signal.throwIfAborted();
    throw new SwitchError("unavailable", `cannot run ${name}`, { cause });
  }
}

async function accepts(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch {
    return false;
  }
}

async function installed(name: string): Promise<boolean> {
  const found = await Promise.all(
    PATH.split(":").map((directory) => exists(`${directory}/${name}`)),
  );
  return found.includes(true);
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

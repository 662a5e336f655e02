/**
 * A real Open vSwitch for one test: own directory, own network namespace, userspace datapath only, sharing nothing with the
 * machine's own. Needs root and the package openvswitch-switch. Whoever starts it stops it (`await using`).
 * @module
 */

const SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";
/** Daemons answer in well under a second; a loaded machine gets the rest. */
const DEADLINE_MS = 20_000;

export interface PrivateOvs extends AsyncDisposable {
  /** Holds database, sockets, pid files and logs; also the run directory. */
  readonly directory: string;
  /** Name of the network namespace the daemons live in, as `ip netns` knows it. */
  readonly namespace: string;
  /** Path of the database's unix socket. */
  readonly database: string;
  /** What OVS's own tools need in their environment to find this instance. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs a command inside the namespace; resolves with its output, rejects with what it said on failure. */
  exec(command: string, ...args: string[]): Promise<string>;
  /** `ovs-vsctl` against this database. */
  vsctl(...args: string[]): Promise<string>;
  /** `ovs-ofctl -O OpenFlow15` in this run directory. */
  ofctl(...args: string[]): Promise<string>;
  startVswitchd(): Promise<void>;
  /** SIGKILL; resolves when the process is gone. */
  killVswitchd(): Promise<void>;
  /** Graceful exit, as `systemctl stop` does. */
  stopVswitchd(): Promise<void>;
  restartVswitchd(): Promise<void>;
  startDatabase(): Promise<void>;
  /** SIGKILL; resolves when the process is gone. */
  killDatabase(): Promise<void>;
  /** Ends the daemons and removes namespace and directory. May be called twice. */
  stop(): Promise<void>;
}

/** `daemons: false`: only the namespace, the directory and the means to start them. */
export async function startPrivateOvs(
  options: { readonly daemons?: boolean } = {},
): Promise<PrivateOvs> {
  const directory = await Deno.makeTempDir({ prefix: "contiv-ovs-" });
  const namespace = `cvovs-${crypto.randomUUID().slice(0, 8)}`;
  const ovs = new PrivateInstance(directory, namespace);
  try {
    await run("ip", ["netns", "add", namespace]);
    await ovs.exec("ip", "link", "set", "lo", "up");
    if (options.daemons !== false) {
      await run("ovsdb-tool", ["create", `${directory}/conf.db`, SCHEMA]);
      await ovs.startDatabase();
      await ovs.vsctl("--no-wait", "init");
      await ovs.startVswitchd();
    }
    return ovs;
  } catch (cause) {
    await ovs.stop();
    throw new Error(`cannot start a private Open vSwitch in ${directory}`, { cause });
  }
}

class PrivateInstance implements PrivateOvs {
  readonly database: string;
  readonly environment: Readonly<Record<string, string>>;

  constructor(readonly directory: string, readonly namespace: string) {
    this.database = `${directory}/db.sock`;
    this.environment = {
      OVS_RUNDIR: directory,
      OVS_LOGDIR: directory,
      OVS_DBDIR: directory,
      OVS_SYSCONFDIR: directory,
    };
  }

  exec(command: string, ...args: string[]): Promise<string> {
    return run("ip", ["netns", "exec", this.namespace, command, ...args], this.environment);
  }

  vsctl(...args: string[]): Promise<string> {
    return run("ovs-vsctl", [`--db=unix:${this.database}`, "--timeout=10", ...args]);
  }

  ofctl(...args: string[]): Promise<string> {
    return run("ovs-ofctl", ["-O", "OpenFlow15", ...args], this.environment);
  }

  async startDatabase(): Promise<void> {
    await this.exec(
      "ovsdb-server",
      `${this.directory}/conf.db`,
      `--remote=punix:${this.database}`,
      ...this.daemonOptions("ovsdb-server"),
    );
  }

  async startVswitchd(): Promise<void> {
    const options = this.daemonOptions("ovs-vswitchd");
    await this.exec("ovs-vswitchd", `unix:${this.database}`, "--disable-system", ...options);
  }

  async stopVswitchd(): Promise<void> {
    const pid = await this.pidOf("ovs-vswitchd");
    if (pid === undefined) return;
    await this.exec("ovs-appctl", "-t", `${this.directory}/ovs-vswitchd.ctl`, "exit");
    await gone(pid);
  }

  async restartVswitchd(): Promise<void> {
    await this.stopVswitchd();
    await this.startVswitchd();
  }

  killVswitchd(): Promise<void> {
    return this.kill("ovs-vswitchd");
  }

  killDatabase(): Promise<void> {
    return this.kill("ovsdb-server");
  }

  async stop(): Promise<void> {
    await this.kill("ovs-vswitchd");
    await this.kill("ovsdb-server");
    await run("ip", ["netns", "delete", this.namespace]).catch(ignoreAbsent);
    await Deno.remove(this.directory, { recursive: true }).catch(ignoreAbsent);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private daemonOptions(name: string): string[] {
    const file = `${this.directory}/${name}`;
    return [
      `--unixctl=${file}.ctl`,
      `--pidfile=${file}.pid`,
      `--log-file=${file}.log`,
      "--detach",
      "--no-chdir",
      "-vconsole:off",
    ];
  }

  private async kill(name: string): Promise<void> {
    const pid = await this.pidOf(name);
    if (pid === undefined) return;
    Deno.kill(pid, "SIGKILL");
    await gone(pid);
    await Deno.remove(`${this.directory}/${name}.pid`).catch(ignoreAbsent);
  }

  /** Undefined when the daemon does not run; a recycled pid of another program does not count. */
  private async pidOf(name: string): Promise<number | undefined> {
    try {
      const pid = Number(await Deno.readTextFile(`${this.directory}/${name}.pid`));
      const command = await Deno.readTextFile(`/proc/${pid}/cmdline`);
      return command.includes(this.directory) ? pid : undefined;
    } catch (error) {
      ignoreAbsent(error);
      return undefined;
    }
  }
}

function ignoreAbsent(error: unknown): void {
  if (error instanceof Deno.errors.NotFound) return;
  if (error instanceof CommandFailed && /No such file/.test(error.message)) return;
  throw error;
}

async function gone(pid: number): Promise<void> {
  await waitUntil(`process ${pid} is gone`, () => {
    try {
      // A killed daemon stays in /proc as a zombie until it is reaped: that counts as gone.
      return / Z |\) Z /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
    } catch {
      return true;
    }
  });
}

/** Polls a condition of the outside world; rejects after 20 s, saying what did not come true. */
export async function waitUntil(
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!await condition()) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

class CommandFailed extends Error {}

async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const output = await new Deno.Command(command, {
    args: [...args],
    env: { ...env },
    stdin: "null",
    signal: AbortSignal.timeout(DEADLINE_MS),
  }).output();
  const text = new TextDecoder();
  if (output.success) return text.decode(output.stdout);
  throw new CommandFailed(
    `${command} ${args.join(" ")}: exit ${output.code}: ${text.decode(output.stderr).trim()}`,
  );
}

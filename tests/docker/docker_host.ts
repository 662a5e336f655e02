/**
 * A host of its own for a real dockerd: network, mount and UTS namespaces, so that nothing of the machine's is touched. Needs root.
 * @module
 */
import { DockerEngine } from "../../drivers/docker/engine.ts";
import { DockerError } from "../../drivers/docker/error.ts";

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function run(command: string, ...args: string[]): Promise<CommandResult> {
  const output = await new Deno.Command(command, { args }).output();
  const decoder = new TextDecoder();
  return {
    code: output.code,
    stdout: decoder.decode(output.stdout).trim(),
    stderr: decoder.decode(output.stderr).trim(),
  };
}

/** Standard output; throws when the command fails. */
export async function must(command: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(command, ...args);
  if (code !== 0) {
    throw new Error(`${command} ${args.join(" ")}: exit ${code}: ${stderr || stdout}`);
  }
  return stdout;
}

/** Resolves with the first value of `probe` that is not undefined; rejects after `milliseconds`. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  milliseconds = 20_000,
): Promise<T> {
  const deadline = Date.now() + milliseconds;
  while (Date.now() < deadline) {
    const value = await probe();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: not within ${milliseconds} ms`);
}

/** Private mounts, a sysfs of its own network namespace with the machine's control groups, an empty /run. */
const ENTER = `
set -e
mount --make-rprivate /
mkdir -p "$1/cgroup"; mount --rbind /sys/fs/cgroup "$1/cgroup"
mount -t sysfs sysfs /sys; mount --rbind "$1/cgroup" /sys/fs/cgroup; umount -l "$1/cgroup"
mount -t tmpfs tmpfs /run; mkdir -p /run/docker/plugins /run/lock /run/netns
mount --bind "$1/plugins" /run/docker/plugins
mkdir -p "$1/etc"; mount --bind "$1/etc" /etc/docker
echo ready
exec sleep infinity
`;

export class DockerHost {
  #dockerd: Deno.ChildProcess | undefined;

  private constructor(
    readonly name: string,
    readonly directory: string,
    readonly namespace: string,
    readonly holder: Deno.ChildProcess,
    readonly engine: DockerEngine,
  ) {}

  /** Makes the host and starts its dockerd; image \`bb\` (busybox) is there. */
  static async create(name: string): Promise<DockerHost> {
    const directory = await Deno.makeTempDir({ prefix: `contiv-${name}-` });
    const namespace = `cd-${name}-${Deno.pid}`;
    await Deno.mkdir(`${directory}/plugins`);
    await must("mkdir", "-p", "/etc/docker");
    await must("ip", "netns", "add", namespace);
    await must("ip", "-n", namespace, "link", "set", "lo", "up");
    // Apart from dockerd, whose packet filter would drop what crosses a bridge beside it.
    await must("ip", "netns", "add", `${namespace}-w`);
    await must("ip", "-n", `${namespace}-w`, "link", "add", "name", "wires", "type", "bridge");
    await must("ip", "-n", `${namespace}-w`, "link", "set", "dev", "wires", "up");
    const holder = new Deno.Command("nsenter", {
      args: [
        `--net=/run/netns/${namespace}`,
        "unshare",
        "-m",
        "-u",
        "bash",
        "-c",
        ENTER,
        "enter",
        directory,
      ],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = holder.stdout.getReader();
    const { value } = await reader.read();
    reader.releaseLock();
    if (value === undefined) throw new Error("the host's namespaces could not be made");
    const engine = new DockerEngine(`${directory}/docker.sock`);
    const host = new DockerHost(name, directory, namespace, holder, engine);
    await host.start();
    await host.#importImage();
    return host;
  }

  get pluginSocket(): string {
    return `${this.directory}/plugins/netplugin.sock`;
  }

  /** Runs `docker …` against this host's engine. */
  docker(...args: string[]): Promise<CommandResult> {
    return run("/usr/bin/docker", "-H", `unix://${this.directory}/docker.sock`, ...args);
  }

  async mustDocker(...args: string[]): Promise<string> {
    return await must("/usr/bin/docker", "-H", `unix://${this.directory}/docker.sock`, ...args);
  }

  async start(...options: string[]): Promise<void> {
    const { directory } = this;
    const log = await Deno.open(`${directory}/dockerd.log`, { create: true, append: true });
    log.close();
    this.#dockerd = new Deno.Command("nsenter", {
      args: [
        ...["-t", String(this.holder.pid), "-n", "-m", "-u", "--", "sh", "-c"],
        `exec dockerd --data-root ${directory}/data --exec-root /run/docker -p ${directory}/docker.pid ` +
        `-H unix://${directory}/docker.sock --storage-driver vfs ${options.join(" ")} ` +
        `>>${directory}/dockerd.log 2>&1 </dev/null`,
      ],
    }).spawn();
    await eventually("dockerd answers", async () => {
      try {
        await this.engine.ping();
        return true;
      } catch (error) {
        if (error instanceof DockerError) return undefined;
        throw error;
      }
    }, 60_000);
  }

  /** Ends dockerd and waits for its end. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const dockerd = this.#dockerd;
    if (dockerd === undefined) return;
    this.#dockerd = undefined;
    dockerd.kill(signal);
    await dockerd.status;
    await run("rm", "-f", `${this.directory}/docker.pid`);
  }

  async destroy(): Promise<void> {
    const { stdout } = await this.docker("ps", "-aq");
    const containers = stdout.split("\n").filter((id) => id !== "");
    if (containers.length > 0) await this.docker("rm", "-f", ...containers);
    await this.stop();
    this.engine.close();
    await this.#endContainerd();
    this.holder.kill("SIGKILL");
    await this.holder.status;
    await this.holder.stdout.cancel().catch(() => {});
    await run("ip", "netns", "del", this.namespace);
    await run("ip", "netns", "del", `${this.namespace}-w`);
    await run("rm", "-rf", this.directory);
  }

  /** A dockerd that was killed leaves its containerd behind. */
  async #endContainerd(): Promise<void> {
    const { stdout } = await run("ip", "netns", "pids", this.namespace);
    for (const pid of stdout.split("\n").map(Number)) {
      if (pid > 1 && pid !== this.holder.pid) await run("kill", "-KILL", String(pid));
    }
  }

  async #importImage(): Promise<void> {
    const root = `${this.directory}/image`;
    await must(
      "sh",
      "-c",
      `mkdir -p ${root}/bin ${root}/etc ${root}/tmp ${root}/proc ${root}/sys ${root}/dev && ` +
        `cp /bin/busybox ${root}/bin/ && for a in sh sleep ping ip cat true; do ln -s busybox ${root}/bin/$a; done && ` +
        `tar -C ${root} -c . >${root}.tar`,
    );
    await this.mustDocker("import", `${root}.tar`, "bb");
  }
}

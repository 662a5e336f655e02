/**
 * A host of the lab: a node on the common wire, with an Open vSwitch and a Docker engine of its own when asked for.
 * @module
 */
import type { CommandOptions, CommandOutput } from "./command.ts";
import { DOCKER_PID_FILE, type DockerOptions, startDocker, stopDocker } from "./docker_engine.ts";
import type { LabNode, NodeProcess, SpawnOptions } from "./node.ts";
import { type OvsDaemon, ovsPidFile, startOvs, stopOvs } from "./open_vswitch.ts";
import { startUnderlay } from "./underlay.ts";
import { ROUTER, ROUTER6, WIRE } from "./wire.ts";

/** A daemon of a host that tests kill. */
export type HostDaemon = OvsDaemon | "dockerd";

export class Host {
  constructor(
    private readonly node: LabNode,
    private readonly labId: string,
    /** Its address on the wire, on eth0, without prefix length. */
    readonly address: string,
    readonly address6: string,
  ) {}

  get name(): string {
    return this.node.name;
  }
  /** Process 1 of the host, in the machine's numbering: its namespaces are /proc/<pid>/ns/…. */
  get pid(): number {
    return this.node.pid;
  }
  /** Where the host keeps its files on the machine: logs, Docker's data. */
  get directory(): string {
    return this.node.directory;
  }

  /** See LabNode. */
  exec(argv: readonly string[], options?: CommandOptions): Promise<CommandOutput> {
    return this.node.exec(argv, options);
  }
  must(argv: readonly string[], options?: CommandOptions): Promise<string> {
    return this.node.must(argv, options);
  }
  spawn(argv: readonly string[], options?: SpawnOptions): NodeProcess {
    return this.node.spawn(argv, options);
  }
  path(path: string): string {
    return this.node.path(path);
  }
  ip(commands: readonly string[]): Promise<void> {
    return this.node.ip(commands);
  }

  /** Starts what does not run of ovsdb-server and ovs-vswitchd; also after a kill. */
  startOvs(): Promise<void> {
    return startOvs(this.node);
  }
  /** Starts Open vSwitch and moves the host's addresses to a bridge of it, as tunnels of the userspace datapath need. */
  async startUnderlay(): Promise<void> {
    await this.startOvs();
    const { length, length6 } = WIRE;
    const { address, address6 } = this;
    await startUnderlay(this.node, {
      address,
      address6,
      length,
      length6,
      router: ROUTER,
      router6: ROUTER6,
    });
  }
  stopOvs(): Promise<void> {
    return stopOvs(this.node);
  }
  /** Starts the engine, or starts it again; the image `busybox:lab` is there. */
  startDocker(options?: DockerOptions): Promise<void> {
    return startDocker(this.node, this.labId, options);
  }
  /** Resolves when the engine is gone. */
  stopDocker(signal?: Deno.Signal): Promise<void> {
    return stopDocker(this.node, signal);
  }

  /** Signals a daemon of the host; throws when it does not run. Does not wait for its end. */
  async kill(daemon: HostDaemon, signal: Deno.Signal = "SIGKILL"): Promise<void> {
    const file = daemon === "dockerd" ? DOCKER_PID_FILE : ovsPidFile(daemon);
    const pid = (await this.node.must(["cat", file])).trim();
    await this.node.must(["kill", `-${signal.slice("SIG".length)}`, pid]);
  }
}

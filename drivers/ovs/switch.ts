/**
 * Open vSwitch as the agent's Switch: database, ports, flows and the events that make the agent look again.
 * @module
 */
import type { Logger } from "@logtape/logtape";
import {
  type Detachment,
  type FlowChange,
  type PacketOut,
  type PipelineContent,
  type PipelineMending,
  type PortSpec,
  type PortState,
  type Switch,
  SwitchError,
  type SwitchEvent,
  type SwitchFacts,
} from "../../mod/agent/switch.ts";
import { bridgeOperations, type Datapath, IDENTITY } from "./bridge.ts";
import { loadKernelModule, startDaemons } from "./daemon.ts";
import { chooseProgrammer, type ProgrammerChoice } from "./choose_programmer.ts";
import { Database } from "./database.ts";
import { EventHub } from "./event_hub.ts";
import { FlowControl } from "./flow_control.ts";
import type { FlowProgrammer } from "./flow_programmer.ts";
import { PortControl } from "./port_control.ts";
import { Presence } from "./presence.ts";
import { bridge as findBridge, root } from "./view.ts";
import { vswitchdVersion } from "./vswitchd.ts";

const CONFIGURE_MS = 15_000;

export interface OpenSwitchOptions {
  /** Path of the database's unix socket; default `<runDirectory>/db.sock`. */
  readonly database?: string;
  /** Where Open vSwitch keeps its sockets; default /run/openvswitch. */
  readonly runDirectory?: string;
  /** Default contiv0. */
  readonly bridge?: string;
  /** "auto": as the bridge is; for a new one the kernel's if there is one, else userspace. */
  readonly datapath?: "auto" | Datapath;
  /** What writes flows; default "auto". */
  readonly flowProgrammer?: ProgrammerChoice;
  /** Whether `start` may start Open vSwitch. */
  readonly startDaemons: boolean;
  /** For `startDaemons`; default /etc/openvswitch/conf.db. Made when absent. */
  readonly databaseFile?: string;
  readonly logger: Logger;
}

/** Nothing is done before `start`. */
export function openSwitch(options: OpenSwitchOptions): Switch {
  return new OpenVSwitch(options);
}

class OpenVSwitch implements Switch {
  readonly #options: Required<OpenSwitchOptions>;
  readonly #logger: Logger;
  readonly #database: Database;
  readonly #ports: PortControl;
  readonly #events = new EventHub<SwitchEvent>();
  #programmer: FlowProgrammer | undefined;
  #flows: FlowControl | undefined;
  #presence: Presence | undefined;
  #starting: Promise<SwitchFacts> | undefined;
  #remaking = false;
  #identity: string | undefined;
  readonly #closed = new AbortController();

  constructor(options: OpenSwitchOptions) {
    const runDirectory = options.runDirectory ?? "/run/openvswitch";
    this.#options = {
      database: `${runDirectory}/db.sock`,
      bridge: "contiv0",
      datapath: "auto",
      flowProgrammer: "auto",
      databaseFile: "/etc/openvswitch/conf.db",
      ...options,
      runDirectory,
    };
    this.#logger = options.logger;
    this.#database = new Database(this.#options.database, {
      prepare: (signal) => this.#prepare(signal),
      reconnected: () => this.#events.emit({ type: "connected" }),
      lost: (reason) => this.#lost(reason),
      changed: () => this.#changed(),
    });
    this.#ports = new PortControl(
      this.#database,
      this.#options.bridge,
      (names, error) =>
        this.#logger.error("ports {names} of a refused call were left behind: {error}", {
          names,
          error,
        }),
    );
  }

  get connected(): boolean {
    return this.#database.connected;
  }

  start(signal: AbortSignal): Promise<SwitchFacts> {
    this.#starting ??= this.#start(signal).catch((error) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  ports(): readonly PortState[] {
    return this.#ports.ours();
  }

  async applyPorts(
    add: readonly PortSpec[],
    remove: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    if (!this.connected) throw this.#unavailable();
    await this.#ports.apply(add, remove, signal);
  }

  async detachPorts(names: readonly string[], signal: AbortSignal): Promise<Detachment> {
    signal.throwIfAborted();
    if (!this.connected) throw this.#unavailable();
    return await this.#ports.detach(names, signal);
  }

  async applyFlows(change: FlowChange, signal: AbortSignal): Promise<void> {
    if (!this.#flows) throw this.#unavailable();
    await this.#flows.apply(change, signal);
  }

  async reconcilePipeline(desired: PipelineContent, signal: AbortSignal): Promise<PipelineMending> {
    if (!this.#flows) throw this.#unavailable();
    return await this.#flows.reconcile(desired, signal);
  }

  async sendPackets(packets: readonly PacketOut[], signal: AbortSignal): Promise<void> {
    if (!this.#flows) throw this.#unavailable();
    await this.#flows.send(packets, signal);
  }

  events(signal: AbortSignal): AsyncIterable<SwitchEvent> {
    return this.#events.listen(signal);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#presence?.close();
    await this.#database.close();
    await this.#programmer?.close();
    this.#events.close();
  }

  async #start(signal: AbortSignal): Promise<SwitchFacts> {
    const { runDirectory, bridge, flowProgrammer } = this.#options;
    let version = await vswitchdVersion(runDirectory, signal);
    if (version === undefined && this.#options.startDaemons) {
      this.#logger.info("Open vSwitch does not run: starting it");
      await startDaemons(this.#options, signal);
      version = await vswitchdVersion(runDirectory, signal);
    }
    if (version === undefined) {
      throw new SwitchError(
        "unavailable",
        `ovs-vswitchd does not answer in ${runDirectory}; try: systemctl start ` +
          "openvswitch-switch (Fedora, RHEL: openvswitch)",
      );
    }
    if (!this.connected) await this.#database.open(signal);
    const datapath = await this.#ensureBridge(signal);
    this.#ports.refresh();
    const socket = `${runDirectory}/${bridge}.mgmt`;
    this.#programmer ??= await chooseProgrammer(flowProgrammer, {
      socket,
      logger: this.#logger,
      onPortStatus: (status) => {
        this.#logger.debug("port {name} ({number}): {reason}", { ...status });
        this.#ports.told(status);
      },
    });
    this.#flows ??= new FlowControl(this.#programmer);
    this.#presence ??= new Presence(socket, {
      up: (again) => this.#present(again),
      down: () => this.#logger.warn("ovs-vswitchd went away from {bridge}", { bridge }),
    });
    this.#events.emit({ type: "connected" });
    return {
      identity: this.#identity ?? "",
      datapath,
      version,
      flowProgrammer: this.#programmer.description,
    };
  }

  /** Makes the bridge right and waits until ovs-vswitchd has put it, and all that the database holds, into force. */
  async #ensureBridge(signal: AbortSignal): Promise<Datapath> {
    const { bridge } = this.#options;
    const replica = this.#database.replica;
    const datapath = findBridge(replica, bridge)?.datapathType ??
      await this.#chooseDatapath(signal);
    const chosen: Datapath = datapath === "netdev" ? "netdev" : "system";
    // One that is made again is still this host's: it keeps the identity.
    this.#identity = findBridge(replica, bridge)?.externalIds[IDENTITY] ?? this.#identity ??
      crypto.randomUUID();
    const operations = bridgeOperations(replica, bridge, chosen, this.#identity);
    const initialised = root(replica) !== undefined;
    if (!initialised) await this.#database.transact(operations, signal);
    const target = await this.#database.configure(initialised ? operations : [], signal);
    await this.#database.waitUntil(
      `ovs-vswitchd's configuration of bridge ${bridge}`,
      () => this.#database.inForce(target),
      CONFIGURE_MS,
      signal,
    );
    return chosen;
  }

  async #chooseDatapath(signal: AbortSignal): Promise<Datapath> {
    const { datapath } = this.#options;
    if (datapath !== "auto") return datapath;
    const types = root(this.#database.replica)?.datapathTypes ?? [];
    return types.includes("system") && await loadKernelModule(signal) ? "system" : "netdev";
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    try {
      // Without ovs-vswitchd nothing would come into force; its return shows by "flows-lost".
      const { runDirectory } = this.#options;
      if (await vswitchdVersion(runDirectory, signal)) await this.#ensureBridge(signal);
    } catch (error) {
      this.#logger.warn("connected to Open vSwitch's database again, but: {error}", { error });
      throw error;
    }
    this.#ports.refresh();
  }

  #lost(reason: Error): void {
    this.#ports.forget();
    this.#logger.warn("lost Open vSwitch's database: {reason}", { reason: reason.message });
    this.#events.emit({ type: "disconnected", reason: reason.message });
  }

  #changed(): void {
    if (this.#ports.refresh()) this.#events.emit({ type: "ports-changed" });
    const gone = !findBridge(this.#database.replica, this.#options.bridge);
    if (gone && this.#presence && !this.#remaking) void this.#remakeBridge();
  }

  /** Somebody deleted the bridge. */
  async #remakeBridge(): Promise<void> {
    const { bridge } = this.#options;
    this.#remaking = true;
    try {
      this.#logger.warn("bridge {bridge} was deleted: making it again", { bridge });
      await this.#ensureBridge(this.#closed.signal);
      this.#events.emit({ type: "connected" });
    } catch (error) {
      this.#logger.error("cannot make bridge {bridge} again: {error}", { bridge, error });
    } finally {
      this.#remaking = false;
    }
  }

  #present(again: boolean): void {
    if (!again) return;
    this.#logger.warn("ovs-vswitchd came back with empty flow tables");
    this.#events.emit({ type: "flows-lost" });
  }

  #unavailable(): SwitchError {
    return new SwitchError(
      "unavailable",
      `not connected to Open vSwitch at ${this.#options.database}; ` +
        "try: systemctl status openvswitch-switch",
    );
  }
}

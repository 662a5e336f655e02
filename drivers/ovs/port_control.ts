/**
 * Attaches and detaches ports: plans, joins concurrent calls in one transaction, awaits what ovs-vswitchd makes of it, and takes a
 * failed call back.
 * @module
 */
import {
  type Detachment,
  type PortSpec,
  type PortState,
  SwitchError,
} from "../../mod/agent/switch.ts";
import { Batcher } from "./batcher.ts";
import type { Database } from "./database.ts";
import type { Operation } from "./ovsdb_data.ts";
import type { PortStatus } from "./openflow/codec.ts";
import { PortNews } from "./port_news.ts";
import { PortWatch } from "./port_watch.ts";
import { isCarried, toState } from "./port_members.ts";
import { planPorts, type PortPlan, removals } from "./ports.ts";
import { bridge as findBridge, type BridgeView, OWNER, portsOf, type PortView } from "./view.ts";

/** A port takes some 5 ms; a hundred at once under load a second. */
const SETTLE_MS = 10_000;

/** The operations of one call. */
interface Change {
  readonly operations: readonly Operation[];
  /** A port that was there stays, and becomes another one. */
  readonly inPlace: boolean;
  /** What `cur_cfg` reaches when they are in force. */
  target: number;
}

export class PortControl {
  readonly #watch = new PortWatch();
  readonly #news = new PortNews();
  readonly #changes: Batcher<Change>;
  #ports: ReadonlyMap<string, PortView> = new Map();

  constructor(
    private readonly database: Database,
    private readonly bridgeName: string,
    /** Told when a failed call could not be taken back, which the next reconciliation has to do. */
    private readonly onLeftBehind: (names: readonly string[], error: unknown) => void,
  ) {
    this.#changes = new Batcher(
      (changes) => this.#transact(changes),
      (error) => error instanceof SwitchError && error.code === "protocol",
    );
  }

  /** Takes in a new picture. Returns whether a port of ours changed by another hand. */
  refresh(): boolean {
    const bridge = this.#bridge();
    this.#ports = bridge ? portsOf(this.database.replica, bridge) : new Map();
    for (const name of [...this.#news.expected()]) {
      if (this.#isNewsOver(name)) this.#news.forget(name);
    }
    return this.#watch.look(this.#ours());
  }

  /** The database has said how the port fares; or it shows none any more, and no call is to bring one. */
  #isNewsOver(name: string): boolean {
    const port = this.#ports.get(name);
    if (!port) return !this.#watch.isBusy(name);
    return port.interface?.number !== undefined || port.interface?.error !== undefined;
  }

  /** Takes in what ovs-vswitchd says of a port ahead of the database. */
  told(status: PortStatus): void {
    if (this.#news.told(status)) this.database.lookAgain();
  }

  /** The next picture is a first one. */
  forget(): void {
    this.#watch.reset();
  }

  ours(): PortState[] {
    return this.#ours().map((port) =>
      toState(port, {
        detached: this.#watch.isDetached(port.name),
        said: this.#news.numberOf(port.name),
      })
    );
  }

  async apply(
    add: readonly PortSpec[],
    remove: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const detached = add.map(({ name }) => name).filter((name) => this.#watch.isDetached(name));
    if (detached.length > 0) await this.#apply([], detached, signal);
    await this.#apply(add, remove, signal);
  }

  /** As `apply` removes, but that the caller may go on when the database is right. */
  async detach(names: readonly string[], signal: AbortSignal): Promise<Detachment> {
    const plan = planPorts(this.database.replica, this.#requireBridge(), [], names);
    if (plan.operations.length === 0) return { released: Promise.resolve() };
    this.#watch.begin(names);
    const change = toChange(plan);
    try {
      await this.#submit(change, names, signal);
    } catch (error) {
      this.#watch.end(names);
      throw error;
    }
    const released = this.#settle(change, [], names, signal)
      .finally(() => this.#watch.end(names));
    released.catch(() => {}); // the caller's to look at, or not
    return { released };
  }

  async #apply(
    add: readonly PortSpec[],
    remove: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const plan = planPorts(this.database.replica, this.#requireBridge(), add, remove);
    if (plan.operations.length === 0 && add.every((spec) => this.#isAttached(spec))) return;
    const names = [...add.map((spec) => spec.name), ...remove];
    this.#watch.begin(names);
    const expected = add.filter((it) => isPlainLink(it) && plan.inserted.includes(it.name));
    for (const { name } of expected) this.#news.expect(name);
    try {
      await this.#carryOut(plan, add, remove, signal);
    } catch (error) {
      for (const { name } of expected) this.#news.forget(name);
      throw error;
    } finally {
      this.#watch.end(names);
    }
  }

  async #carryOut(
    plan: PortPlan,
    add: readonly PortSpec[],
    remove: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const change = toChange(plan);
    await this.#submit(change, [...add.map((spec) => spec.name), ...remove], signal);
    try {
      await this.#settle(change, add, remove, signal);
    } catch (error) {
      await this.#takeBack(plan);
      throw error;
    }
  }

  async #submit(change: Change, names: readonly string[], signal: AbortSignal): Promise<void> {
    try {
      await this.#changes.submit(change, signal);
    } catch (cause) {
      if (!(cause instanceof SwitchError) || cause.code !== "protocol") throw cause;
      const words = `Open vSwitch refused to change port ${names.join(", ")}: ${cause.message}`;
      throw new SwitchError("port-refused", words, { cause });
    }
  }

  #settle(
    change: Change,
    add: readonly PortSpec[],
    remove: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const what = add.length > 0
      ? `the attachment of ${add.map((spec) => spec.name).join(", ")}`
      : `the detachment of ${remove.join(", ")}`;
    return this.database.waitUntil(
      what,
      () => this.#isSettled(add, remove, change),
      SETTLE_MS,
      signal,
    );
  }

  async #transact(changes: readonly Change[]): Promise<void> {
    const operations = changes.flatMap((change) => change.operations);
    const target = await this.database.configure(operations, new AbortController().signal);
    for (const change of changes) change.target = target;
  }

  /** Throws "port-refused" as soon as it is plain that a port will not come. */
  #isSettled(
    add: readonly PortSpec[],
    remove: readonly string[],
    { inPlace, target }: Change,
  ): boolean {
    const done = this.database.inForce(target);
    const attached = add.map((spec) => this.#isAttached(spec) || (done && this.#refuse(spec)));
    const adding = new Set(add.map((spec) => spec.name));
    const gone = remove.every((name) => adding.has(name) || !this.#ports.has(name));
    return attached.every(Boolean) && gone && (done || (remove.length === 0 && !inPlace));
  }

  #isAttached(spec: PortSpec): boolean {
    const port = this.#ports.get(spec.name);
    if (port === undefined) return false;
    return isCarried(port, spec) || this.#isSaidToBeCarried(port, spec);
  }

  /** Nothing but the number is to be waited for of a port that is a link, and the database has said nothing against it. */
  #isSaidToBeCarried(port: PortView, spec: PortSpec): boolean {
    return isPlainLink(spec) && port.interface?.error === undefined &&
      this.#news.numberOf(spec.name) === spec.number;
  }

  /** False: nothing is known yet. */
  #refuse(spec: PortSpec): false {
    const { name, number, type } = spec;
    const port = this.#ports.get(name);
    const link = port?.members[0];
    if (!link) throw new SwitchError("port-refused", `port ${name} was removed by somebody else`);
    if (link.error !== undefined || link.number === -1) {
      const advice = type === "system" ? `; the link must exist: ip link show ${link.name}` : "";
      const words = link.error ?? "Open vSwitch gave no reason";
      throw new SwitchError("port-refused", `cannot attach port ${name}: ${words}${advice}`);
    }
    if (link.number === undefined) return false;
    const holder = [...this.#ports.values()].find((other) =>
      other.name !== name && other.interface?.number === number
    );
    const taken = holder ? `, which ${holder.name} has` : "";
    throw new SwitchError(
      "port-refused",
      `cannot attach port ${name}: it got number ${link.number} instead of ${number}${taken}; ` +
        `see: ovs-ofctl show ${this.bridgeName}`,
    );
  }

  /** Ports that the call added go, ports that it changed are as before; what it removed stays removed. */
  async #takeBack(plan: PortPlan): Promise<void> {
    const bridge = this.#bridge();
    const added = plan.inserted.map((name) => this.#ports.get(name))
      .filter((port) => port !== undefined);
    if (!bridge || added.length + plan.restore.length === 0) return;
    const operations = [...removals(bridge, added), ...plan.restore];
    try {
      await this.#changes.submit(
        { operations, inPlace: false, target: 0 },
        new AbortController().signal,
      );
    } catch (error) {
      this.onLeftBehind(plan.inserted, error);
    }
  }

  #ours(): PortView[] {
    return [...this.#ports.values()]
      .filter((port) => port.name !== this.bridgeName && port.externalIds[OWNER] !== undefined);
  }

  #requireBridge(): BridgeView {
    const bridge = this.#bridge();
    if (bridge) return bridge;
    throw new SwitchError("unavailable", `bridge ${this.bridgeName} does not exist`);
  }

  #bridge(): BridgeView | undefined {
    return findBridge(this.database.replica, this.bridgeName);
  }
}

function toChange({ operations, restore }: PortPlan): Change {
  return { operations, inPlace: restore.length > 0, target: 0 };
}

function isPlainLink({ type, bond }: PortSpec): boolean {
  return type === "system" && bond === undefined;
}

/**
 * The Open_vSwitch database as a lasting thing: one session after another, the replica of the latest, and waiting for what the
 * monitor will show. Once opened it reconnects until it is closed.
 * @module
 */
import { SwitchError } from "../../mod/agent/switch.ts";
import { delay } from "../delay.ts";
import { Backoff, withDeadline } from "./deadline.ts";
import { type OperationResult, OvsdbSession } from "./ovsdb.ts";
import type { Operation } from "./ovsdb_data.ts";
import { Replica } from "./replica.ts";
import { root } from "./view.ts";

export interface DatabaseHandlers {
  /** A new session is up, after the first. Until this resolves the database does not count as connected; if it rejects, the next is tried. */
  prepare(signal: AbortSignal): Promise<void>;
  /** Connected again, and prepared. */
  reconnected(): void;
  lost(reason: Error): void;
  /** The replica changed. */
  changed(): void;
}

interface Waiting {
  check(): void;
  reject(error: Error): void;
}

export class Database {
  #replica = new Replica();
  #session: OvsdbSession | undefined;
  #connected = false;
  readonly #waiting = new Set<Waiting>();
  readonly #closed = new AbortController();
  #following: Promise<void> = Promise.resolve();

  constructor(private readonly path: string, private readonly handlers: DatabaseHandlers) {}

  /** The latest picture; while disconnected, the last one. */
  get replica(): Replica {
    return this.#replica;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Throws SwitchError when the first session cannot be had. */
  async open(signal: AbortSignal): Promise<void> {
    const session = await this.#connect(signal);
    this.#connected = true;
    this.#following = this.#follow(session);
  }

  transact(
    operations: readonly Operation[],
    signal: AbortSignal,
  ): Promise<readonly OperationResult[]> {
    if (!this.#session) return Promise.reject(disconnected());
    return this.#session.transact(operations, signal);
  }

  /**
   * Transacts, and asks ovs-vswitchd to say when it has put the result into force: resolves with the value that the root row's
   * `cur_cfg` then reaches (ovs-vswitchd.conf.db(5)).
   */
  async configure(operations: readonly Operation[], signal: AbortSignal): Promise<number> {
    const uuid = root(this.#replica)?.uuid;
    if (uuid === undefined) throw disconnected();
    const where = [["_uuid", "==", ["uuid", uuid]]] as const;
    const results = await this.transact([
      ...operations,
      { op: "mutate", table: "Open_vSwitch", where, mutations: [["next_cfg", "+=", 1]] },
      { op: "select", table: "Open_vSwitch", where, columns: ["next_cfg"] },
    ], signal);
    // A mutation that met no row is no error to ovsdb-server; to us it is: the bridge was deleted meanwhile.
    const missed = operations.findIndex((operation, at) =>
      operation.op === "mutate" && results[at]?.count === 0
    );
    if (missed >= 0) throw new SwitchError("unavailable", "the bridge was deleted meanwhile");
    const target = results.at(-1)?.rows?.[0]?.next_cfg;
    if (typeof target !== "number") throw new SwitchError("protocol", "next_cfg is no number");
    return target;
  }

  inForce(target: number): boolean {
    return (root(this.#replica)?.currentConfiguration ?? 0) >= target;
  }

  /** Resolves when `condition` first holds, looked at after every change; rejects with what it throws. */
  waitUntil(
    what: string,
    condition: () => boolean,
    milliseconds: number,
    signal: AbortSignal,
  ): Promise<void> {
    return withDeadline(what, milliseconds, signal, (limited) =>
      new Promise((resolve, reject) => {
        const end = (finish: () => void) => {
          this.#waiting.delete(waiting);
          finish();
        };
        const waiting: Waiting = {
          check: () => {
            try {
              if (condition()) end(resolve);
            } catch (error) {
              end(() => reject(error));
            }
          },
          reject: (error) => end(() => reject(error)),
        };
        this.#waiting.add(waiting);
        limited.addEventListener("abort", () => waiting.reject(limited.reason));
        waiting.check();
      }));
  }

  /** What somebody waits for may have come about otherwise than by a change of the replica. */
  lookAgain(): void {
    for (const waiting of [...this.#waiting]) waiting.check();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#session?.close();
    await this.#following;
  }

  async #connect(signal: AbortSignal): Promise<OvsdbSession> {
    const replica = new Replica();
    const session = await OvsdbSession.open(this.path, (updates) => {
      replica.apply(updates);
      if (replica === this.#replica) this.#changed();
    }, signal);
    this.#replica = replica;
    this.#session = session;
    this.#changed();
    return session;
  }

  #changed(): void {
    if (this.#connected) this.handlers.changed();
    this.lookAgain();
  }

  async #follow(first: OvsdbSession): Promise<void> {
    const signal = this.#closed.signal;
    const backoff = new Backoff(50, 2_000);
    let session: OvsdbSession | undefined = first;
    while (true) {
      if (session) this.#lose(await session.closed);
      if (signal.aborted) return;
      await delay(backoff.delay(), signal);
      session = await this.#reconnect(signal);
      if (session) backoff.reset();
    }
  }

  #lose(reason: Error): void {
    this.#session = undefined;
    this.#connected = false;
    for (const waiting of [...this.#waiting]) waiting.reject(reason);
    if (!this.#closed.signal.aborted) this.handlers.lost(reason);
  }

  /** Undefined: not yet; the next attempt may do. */
  async #reconnect(signal: AbortSignal): Promise<OvsdbSession | undefined> {
    if (signal.aborted) return undefined;
    try {
      const session = await this.#connect(signal);
      await this.handlers.prepare(signal);
      this.#connected = true;
      this.handlers.reconnected();
      return session;
    } catch {
      // The handler has said why; ovsdb-server's absence was said when it was lost.
      this.#session?.close();
      this.#session = undefined;
      return undefined;
    }
  }
}

function disconnected(): SwitchError {
  return new SwitchError(
    "unavailable",
    "not connected to Open vSwitch's database: ovsdb-server must be running; " +
      "try: systemctl status openvswitch-switch",
  );
}

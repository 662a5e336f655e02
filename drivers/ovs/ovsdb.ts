/**
 * One connection's life with ovsdb-server: checks the database, monitors what we follow, transacts, and notices a server that no
 * longer answers. `database.ts` opens the next one.
 *
 * The plain `monitor` of RFC 7047 is used, not `monitor_cond`: no condition selects "the ports of one bridge", and its updates
 * carry whole rows instead of differences that only the schema can resolve.
 * @module
 */
import { SwitchError } from "../../mod/agent/switch.ts";
import { withDeadline } from "./deadline.ts";
import { describe, JsonRpc } from "./jsonrpc.ts";
import type { Operation, Row } from "./ovsdb_data.ts";
import { MONITORED } from "./replica.ts";

const DATABASE = "Open_vSwitch";
const ANSWER_MS = 10_000;
const PROBE_EVERY_MS = 5_000;

/** RFC 7047 §5.2: what an operation gave. */
export interface OperationResult {
  readonly count?: number;
  readonly rows?: readonly Row[];
}

export class OvsdbSession {
  readonly #rpc: JsonRpc;
  readonly #onUpdate: (updates: unknown) => void;
  /** Updates that came in with the reply to `monitor`, before its rows were taken in. */
  #early: unknown[] | undefined = [];
  #probe: ReturnType<typeof setInterval> | undefined;

  /** `onUpdate` gets the first picture, then every change, as `<table-updates>`. Throws SwitchError. */
  static async open(
    path: string,
    onUpdate: (updates: unknown) => void,
    signal: AbortSignal,
  ): Promise<OvsdbSession> {
    const session = new OvsdbSession(await connect(path), onUpdate);
    try {
      await session.#begin(path, signal);
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  private constructor(stream: Deno.UnixConn, onUpdate: (updates: unknown) => void) {
    this.#onUpdate = onUpdate;
    this.#rpc = new JsonRpc(stream, (method, params) => {
      if (method === "update") this.#update(params[1]);
    });
    this.#rpc.closed.then(() => clearInterval(this.#probe));
  }

  get closed(): Promise<Error> {
    return this.#rpc.closed;
  }

  /** All or nothing (RFC 7047 §4.1.3). Throws SwitchError: "protocol" with the server's words when it refused. */
  async transact(
    operations: readonly Operation[],
    signal: AbortSignal,
  ): Promise<readonly OperationResult[]> {
    const reply = await this.#request("transact", [DATABASE, ...operations], signal);
    if (!Array.isArray(reply)) throw new SwitchError("protocol", "transact: no list of results");
    // A commit that fails as a whole adds one result more than there are operations.
    const failed = reply.find((result) => result !== null && result?.error);
    if (failed) throw new SwitchError("protocol", describe(failed));
    return reply.map((result) => result ?? {});
  }

  close(): void {
    this.#rpc.close();
  }

  async #begin(path: string, signal: AbortSignal): Promise<void> {
    const databases = await this.#request("list_dbs", [], signal);
    if (!Array.isArray(databases) || !databases.includes(DATABASE)) {
      throw new SwitchError("protocol", `${path} serves no database ${DATABASE}`);
    }
    const tables = Object.fromEntries(
      Object.entries(MONITORED).map(([table, columns]) => [table, [{ columns }]]),
    );
    const first = await this.#request("monitor", [DATABASE, "contiv", tables], signal);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const updates of [first, ...early]) this.#update(updates);
    this.#probe = setInterval(() => this.#isAlive(), PROBE_EVERY_MS);
  }

  #update(updates: unknown): void {
    if (this.#early) this.#early.push(updates);
    else this.#onUpdate(updates);
  }

  #isAlive(): void {
    this.#request("echo", [], new AbortController().signal).catch(() => this.#rpc.close());
  }

  #request(method: string, params: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    return withDeadline(
      `ovsdb-server's answer to ${method}`,
      ANSWER_MS,
      signal,
      (limited) => this.#rpc.request(method, params, limited),
    );
  }
}

async function connect(path: string): Promise<Deno.UnixConn> {
  try {
    return await Deno.connect({ transport: "unix", path });
  } catch (cause) {
    throw new SwitchError(
      "unavailable",
      `cannot connect to Open vSwitch's database at ${path}: ovsdb-server must be running; ` +
        "try: systemctl start openvswitch-switch (Fedora, RHEL: openvswitch)",
      { cause },
    );
  }
}

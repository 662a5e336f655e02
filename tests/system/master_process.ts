/**
 * `contiv master` as a process on this machine's loopback, from source: started with any options and environment, asked, killed.
 * It dies with the test that started it.
 * @module
 */
import { run } from "../lab/command.ts";
import { sendSignal } from "../lab/process_table.ts";
import { waitFor } from "../lab/wait.ts";
import { freePort, PROGRAM } from "./program.ts";

const START_DEADLINE_MS = 30_000;
const CALL_DEADLINE_MS = 20_000;

/** What `/healthz` says, as far as tests look. */
export interface Health {
  readonly ok: boolean;
  readonly store: {
    readonly ok: boolean;
    readonly error?: string;
    readonly since?: string;
    readonly members: readonly { readonly endpoint: string; readonly healthy: boolean }[];
  };
  readonly cache: { readonly ok: boolean };
}

export interface MasterOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A status, or 0 when the connection broke: then nobody knows what became of the call. */
export interface Reply {
  readonly status: number;
  readonly text: string;
}

export class MasterProcess {
  #process: Deno.ChildProcess | undefined;
  readonly #log = Deno.makeTempFileSync({ prefix: "contiv-master-", suffix: ".log" });

  constructor(private readonly options: MasterOptions = {}, readonly port = freePort()) {}

  /** Where others reach it, as the leader lock has it. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }
  get url(): string {
    return `http://${this.address}`;
  }
  get log(): string {
    return Deno.readTextFileSync(this.#log);
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  launch(): void {
    const at = [`--external-address=${this.address}`, `--internal-address=${this.address}`];
    const words = [...PROGRAM, "master", ...at, ...this.options.args ?? []];
    const shell = 'log=$0; exec "$@" >>"$log" 2>&1';
    this.#process = new Deno.Command("setpriv", {
      args: ["--pdeathsig", "KILL", "--", "/bin/sh", "-c", shell, this.#log, ...words],
      env: { ...this.options.env },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  /** Resolves when its API answers, whatever it says. */
  async answers(): Promise<void> {
    const answer = async () => (await this.call("GET", "/version")).status === 200;
    try {
      await waitFor(`the master at ${this.url}`, answer, START_DEADLINE_MS);
    } catch (cause) {
      throw new Error(`the master does not answer: ${this.log.slice(-2000)}`, { cause });
    }
  }

  /** Resolves when it can do its work. */
  async serves(): Promise<Health> {
    try {
      return await waitFor(`the master at ${this.url} to serve`, async () => {
        const health = await this.health();
        return health.ok ? health : undefined;
      }, START_DEADLINE_MS);
    } catch (cause) {
      throw new Error(`the master does not serve: ${this.log.slice(-2000)}`, { cause });
    }
  }

  async health(): Promise<Health> {
    return JSON.parse((await this.call("GET", "/healthz")).text);
  }

  /** `path`: such as /api/v1/tenants/t/ */
  async call(method: string, path: string, body?: unknown): Promise<Reply> {
    try {
      const response = await fetch(this.url + path, {
        method,
        signal: AbortSignal.timeout(CALL_DEADLINE_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      return { status: 0, text: String(error) };
    }
  }

  /** Its arguments and environment as any user of the machine, or root, sees them. */
  async commandLine(): Promise<string> {
    const { stdout } = await run(["ps", "-o", "args=", "-p", String(this.#process?.pid)]);
    return stdout;
  }

  async stop(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    const process = this.#process;
    this.#process = undefined;
    if (!process) return 0;
    sendSignal(process.pid, signal);
    return (await process.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
    await Deno.remove(this.#log);
  }
}

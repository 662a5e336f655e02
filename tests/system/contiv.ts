/**
 * Contiv running in a lab host, from source, at the paths that users have: started, asked, killed and started again by tests.
 * @module
 */
import { join } from "node:path";
import type { CommandOptions, CommandOutput } from "../lab/command.ts";
import type { Host } from "../lab/host.ts";
import type { NodeProcess } from "../lab/node.ts";
import { waitFor } from "../lab/wait.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
const START_DEADLINE = 30_000;

export interface ContivOptions {
  /** More arguments for the role. */
  readonly args?: readonly string[];
  readonly role?: "up" | "plugin" | "master";
  /** Name of its log; "contiv.log" unless told. */
  readonly log?: string;
  /** As users run it, without debug messages. */
  readonly quiet?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

export class Contiv {
  #process: NodeProcess | undefined;

  constructor(readonly host: Host, private readonly options: ContivOptions = {}) {}

  /** Starts it and waits until the host is as the store says. */
  static async start(host: Host, options: ContivOptions = {}): Promise<Contiv> {
    const contiv = new Contiv(host, options);
    await contiv.start();
    return contiv;
  }

  /** Its log on the machine. */
  get log(): string {
    return join(this.host.directory, this.options.log ?? "contiv.log");
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts it without waiting for anything. */
  launch(): void {
    const role = this.options.role ?? "up";
    this.#process = this.host.spawn([
      ...program(),
      role,
      ...(this.options.quiet ? [] : ["--debug"]),
      ...this.options.args ?? [],
    ], {
      output: { file: this.log },
      ...(this.options.env && { env: this.options.env }),
    });
  }

  async start(): Promise<void> {
    this.launch();
    await this.ready();
  }

  /** Waits until the agent says that the host is right. */
  async ready(deadline = START_DEADLINE): Promise<void> {
    const client = Deno.createHttpClient({
      proxy: { transport: "unix", path: this.host.path("/run/contiv/agent.sock") },
    });
    try {
      await waitFor("contiv to be ready", async () => {
        const reply = await fetch("http://localhost/healthz", { client });
        await reply.body?.cancel();
        return reply.ok;
      }, deadline);
    } catch (cause) {
      throw new Error(`contiv is not ready: ${this.tail()}`, { cause });
    } finally {
      client.close();
    }
  }

  /** Signals it and waits for its end; returns how it ended. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Deno.CommandStatus> {
    if (!this.#process) throw new Error("contiv does not run");
    this.#process.kill(signal);
    return await this.#process.status;
  }

  /** Waits for the end of one that is to end by itself. */
  async ended(deadline = START_DEADLINE): Promise<Deno.CommandStatus> {
    if (!this.#process) throw new Error("contiv does not run");
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`contiv has not ended: ${this.tail()}`)),
      deadline,
    );
    try {
      return await Promise.race([this.#process.status, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async restart(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    await this.stop(signal);
    await this.start();
  }

  /** Runs `contiv ctl …` in the host. */
  run(argv: readonly string[], options?: CommandOptions): Promise<CommandOutput> {
    return this.host.exec([...program(), "ctl", ...argv], options);
  }

  /** Like run; an exit code other than 0 throws. */
  ctl(...argv: string[]): Promise<string> {
    return this.host.must([...program(), "ctl", ...argv]);
  }

  /** The last lines of its log. */
  tail(characters = 3000): string {
    try {
      return Deno.readTextFileSync(this.log).slice(-characters);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  }
}

/** Deno with this project's dependencies, whatever the working directory. */
function program(): string[] {
  return [Deno.execPath(), "run", "--quiet", "-A", `--config=${CONFIG}`, MAIN];
}

/**
 * A process of simulated agents, as the benchmark sees it.
 * @module
 */
import { Bell } from "../../../mod/state/bell.ts";
import { sendSignal } from "../../lab/process_table.ts";
import { residentMemory } from "../process_cost.ts";
import type { Cost, Orders, Report } from "./agents_child.ts";

const SCRIPT = new URL("./agents_child.ts", import.meta.url).pathname;
const CONFIG = new URL("../../../deno.json", import.meta.url).pathname;
/** MiB; V8's own limit is less than some sizes need. */
const MOST_MEMORY = 12_000;

export class AgentsProcess {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #news = new Bell();
  /** By revision: when all agents here had seen it. */
  readonly #seen: { readonly revision: number; readonly at: number }[] = [];
  #started = false;
  #ended = false;
  #cost: ((cost: Cost) => void) | undefined;

  constructor(readonly orders: Orders) {
    this.#process = new Deno.Command("setpriv", {
      args: [
        ...["--pdeathsig", "KILL", "--", Deno.execPath(), "run", "--allow-all", "--quiet"],
        ...[`--config=${CONFIG}`, `--v8-flags=--expose-gc,--max-old-space-size=${MOST_MEMORY}`],
        ...[SCRIPT, JSON.stringify(orders)],
      ],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    void this.#read();
  }

  get agents(): number {
    return this.orders.hosts.length - this.orders.watchers;
  }

  /** In MiB. */
  get resident(): number {
    return residentMemory(this.#process.pid);
  }

  async started(signal: AbortSignal): Promise<void> {
    await this.#until(() => this.#started, signal);
  }

  /** When the last agent here had seen the revision, in milliseconds since the epoch. */
  async seen(revision: number, signal: AbortSignal): Promise<number> {
    await this.#until(() => (this.#seen.at(-1)?.revision ?? 0) >= revision, signal);
    return this.#seen.find((each) => each.revision >= revision)?.at ?? NaN;
  }

  async cost(): Promise<Cost> {
    const { promise, resolve } = Promise.withResolvers<Cost>();
    this.#cost = resolve;
    await this.#input.write(new TextEncoder().encode("cost\n"));
    return await promise;
  }

  freeze(): void {
    sendSignal(this.#process.pid, "SIGSTOP");
  }
  thaw(): void {
    sendSignal(this.#process.pid, "SIGCONT");
  }

  async close(): Promise<void> {
    this.#ended = true;
    sendSignal(this.#process.pid, "SIGKILL");
    await this.#process.status;
  }

  async #until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    while (!condition()) {
      if (this.#ended) throw new Error("a process of agents has ended");
      signal.throwIfAborted();
      await this.#news.next(signal);
    }
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#take(JSON.parse(line));
      this.#news.ring();
    }
    this.#ended = true;
    this.#news.ring();
  }

  #take(report: Report): void {
    if (report.type === "started") this.#started = true;
    else if (report.type === "seen") this.#seen.push(report);
    else this.#cost?.(report);
  }
}

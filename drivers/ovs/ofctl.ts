/**
 * Writes flows and groups, and sends packets, by `ovs-ofctl bundle`, which reads all of its standard input before it connects. So a few processes are started ahead
 * of need and wait for input: a change does not wait for a process to start. They end by themselves, changing nothing, when this
 * process dies and their input closes.
 * @module
 */
import { SwitchError } from "../../mod/agent/switch.ts";
import { withDeadline } from "./deadline.ts";
import { OURS } from "./flow_cookie.ts";
import type { FlowProgrammer, Installed } from "./flow_programmer.ts";
import type { InstalledMeter } from "./meter_commands.ts";
import {
  explainFailure,
  normalisation,
  parseFlows,
  parseGroups,
  parseMeters,
} from "./ofctl_output.ts";
import type { Refusal } from "./refusal.ts";

/** For the largest bundle on a busy machine: 10,000 flows take about 150 ms. */
const DEADLINE_MS = 15_000;
const SPARE = 4;
/** Starting a process takes 8 ms of processor time, which what goes on beside the change (a port's attachment) is to have first. */
const REFILL_PAUSE_MS = 30;

/** Of `meter …` lines, as ovs-ofctl names them. */
const METER_COMMANDS: Readonly<Record<string, string>> = {
  add: "add-meter",
  modify: "mod-meter",
  delete: "del-meter",
};

export interface OfctlOptions {
  /** Path of the bridge's management socket, `<run directory>/<bridge>.mgmt`. */
  readonly socket: string;
  /** How many processes wait ahead of need; 4 unless told. 0: each change starts its own. */
  readonly spare?: number;
  /** Told when ovs-ofctl accepted a flow but weakened its match: a fault in the program that made the flow. */
  readonly onWeakened: (words: string) => void;
}

export class Ofctl implements FlowProgrammer {
  readonly description = "ovs-ofctl bundle";
  readonly #options: OfctlOptions;
  readonly #target: string;
  #spares: Deno.ChildProcess[] = [];
  #refilling: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: OfctlOptions) {
    this.#options = options;
    this.#target = `unix:${options.socket}`;
    this.#refill();
  }

  async apply(lines: readonly string[]): Promise<void> {
    await this.#bundle(lines, "flow-refused");
  }

  /** `ovs-ofctl bundle` reads packets too, so a process that waits serves. */
  async sendPackets(lines: readonly string[]): Promise<void> {
    await this.#bundle(lines, "packet-refused");
  }

  /** A process each: `ovs-ofctl` reads meters from its arguments only. */
  async changeMeters(lines: readonly string[]): Promise<void> {
    for (const line of lines) {
      const [, command = "", meter = ""] = line.split(" ");
      await this.#run([METER_COMMANDS[command] ?? command, this.#target, meter], [line]);
    }
  }

  async dump(): Promise<Installed> {
    const target = this.#target;
    const options = ["--no-names", "--no-stats"];
    const [flows, groups, meters] = await Promise.all([
      this.#run([...options, "dump-flows", target, `cookie=${OURS}`], []),
      this.#run(["--no-names", "dump-groups", target], []),
      this.dumpMeters(),
    ]);
    return { flows: parseFlows(flows), groups: parseGroups(groups), meters };
  }

  async dumpMeters(): Promise<readonly InstalledMeter[]> {
    return parseMeters(await this.#run(["dump-meters", this.#target], []));
  }

  async #bundle(lines: readonly string[], code: Refusal): Promise<void> {
    if (lines.length === 0) return;
    const input = `${lines.join("\n")}\n`;
    const spare = this.#spares.shift();
    this.#refillSoon();
    let output = await finish(spare ?? this.#start(), input);
    // A process that was killed while it waited (out of memory, an operator) is no verdict on the flows.
    if (spare && output.signal !== null) output = await finish(this.#start(), input);
    const stderr = decode(output.stderr);
    if (!output.success) throw explainFailure(stderr, lines, code);
    const weakened = normalisation(stderr);
    if (weakened !== undefined) this.#options.onWeakened(weakened);
  }

  /** What it prints. `lines`: what it was told to change, for the error. */
  async #run(args: readonly string[], lines: readonly string[]): Promise<string> {
    const output = await finish(spawn(args), "");
    if (!output.success) throw explainFailure(decode(output.stderr), lines);
    return decode(output.stdout);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#refilling);
    const spares = this.#spares;
    this.#spares = [];
    await Promise.all(spares.map(end));
  }

  #start(): Deno.ChildProcess {
    return spawn(["bundle", this.#target, "-"]);
  }

  /** At once when none is left. */
  #refillSoon(): void {
    if (this.#closed || (this.#refilling !== undefined && this.#spares.length > 0)) return;
    clearTimeout(this.#refilling);
    const pause = this.#spares.length > 0 ? REFILL_PAUSE_MS : 0;
    this.#refilling = setTimeout(() => this.#refillIfPossible(), pause);
  }

  /** A pool that stays short is no failure: a change then starts its own process, and says if that fails. */
  #refillIfPossible(): void {
    this.#refilling = undefined;
    try {
      this.#refill();
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error;
    }
  }

  #refill(): void {
    const wanted = this.#closed ? 0 : this.#options.spare ?? SPARE;
    while (this.#spares.length < wanted) {
      const spare = this.#start();
      this.#spares.push(spare);
      // Killed while it waits: the next change has it replaced.
      spare.status.then(() => this.#spares = this.#spares.filter((other) => other !== spare));
    }
  }
}

function spawn(args: readonly string[]): Deno.ChildProcess {
  try {
    return new Deno.Command("ovs-ofctl", {
      args: ["-O", "OpenFlow15", ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (cause) {
    throw new SwitchError("not-installed", "cannot start ovs-ofctl: install openvswitch-switch", {
      cause,
    });
  }
}

/** Writes the whole input and awaits the end. A process that outlasts the deadline is killed. */
async function finish(child: Deno.ChildProcess, input: string): Promise<Deno.CommandOutput> {
  const signal = new AbortController().signal;
  try {
    return await withDeadline("ovs-ofctl's answer", DEADLINE_MS, signal, (limited) => {
      limited.addEventListener("abort", () => kill(child));
      return new Promise((resolve, reject) => {
        limited.addEventListener("abort", () => reject(limited.reason));
        // ovs-ofctl that stops reading has failed, and its status says why.
        writeAll(child, input).catch(() => {});
        child.output().then(resolve, reject);
      });
    });
  } catch (cause) {
    if (cause instanceof SwitchError) throw cause;
    throw new SwitchError("unavailable", "ovs-ofctl failed", { cause });
  }
}

async function writeAll(child: Deno.ChildProcess, input: string): Promise<void> {
  const writer = child.stdin.getWriter();
  if (input !== "") await writer.write(new TextEncoder().encode(input));
  await writer.close();
}

/** SIGKILL, not an end of input: no bundle is to be sent any more. */
async function end(child: Deno.ChildProcess): Promise<void> {
  kill(child);
  await Promise.allSettled([
    child.stdin.close(),
    child.stdout.cancel(),
    child.stderr.cancel(),
    child.status,
  ]);
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/**
 * One machine of the lab: network, mount, UTS and PID namespaces held by one process. It lives no longer than the program that made it:
 * when that closes it or dies in any way, all of its processes, mounts and links are gone.
 * @module
 */
import { join } from "node:path";
import {
  appendingTo,
  type CommandOptions,
  type CommandOutput,
  must,
  programOf,
  run,
} from "./command.ts";
import { childrenOf, identify, sendSignal } from "./process_table.ts";
import { type LabRecord, recordHost } from "./registry.ts";

const INIT = join(import.meta.dirname ?? ".", "host_init.sh");

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Absolute path. */
  readonly cwd?: string;
  /** Where output goes: "null" unless told. A file is appended to; its path is one of this machine, not of the node. */
  readonly output?: "null" | "inherit" | "piped" | { readonly file: string };
}

/** A program running in a node. */
export class NodeProcess {
  constructor(private readonly child: Deno.ChildProcess) {}

  /** The program's own process id in the machine's numbering; undefined until it runs and after it has ended. */
  get pid(): number | undefined {
    // The child itself is nsenter, which waits for the program that it started in the node.
    return childrenOf(this.child.pid)[0];
  }
  get status(): Promise<Deno.CommandStatus> {
    return this.child.status;
  }
  get stdout(): ReadableStream<Uint8Array> {
    return this.child.stdout;
  }
  get stderr(): ReadableStream<Uint8Array> {
    return this.child.stderr;
  }
  /** Signals the program; one that has ended is not an error. */
  kill(signal: Deno.Signal = "SIGTERM"): void {
    sendSignal(this.pid ?? this.child.pid, signal);
  }
}

export class LabNode {
  private constructor(
    readonly name: string,
    /** This node's own files on the machine. */
    readonly directory: string,
    /** Process 1 of the node, in the machine's numbering. */
    readonly pid: number,
    private readonly holder: Deno.ChildProcess,
  ) {}

  /** Starts a node without any link but lo; `record` is the lab that it belongs to. */
  static async start(record: LabRecord, name: string): Promise<LabNode> {
    const directory = join(record.directory, name);
    Deno.mkdirSync(join(directory, "cgroup"), { recursive: true });
    const namespaces = ["--net", "--mount", "--uts", "--pid", "--fork"];
    const holder = new Deno.Command("unshare", {
      args: [...namespaces, "--", "/bin/sh", INIT, name, directory],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
      cwd: "/",
    }).spawn();
    const pid = Number(await firstLine(holder.stdout));
    const identity = pid > 0 ? identify(pid) : undefined;
    if (!identity) {
      await holder.stdin.close().catch(() => undefined);
      await holder.status;
      const log = Deno.readTextFileSync(join(directory, "init.log"));
      throw new Error(`lab host ${name} did not start: ${log.trim() || "root is needed"}`);
    }
    recordHost(record, name, identity);
    return new LabNode(name, directory, pid, holder);
  }

  /** Runs a program in the node to its end. Paths are the node's; the working directory is / unless told. */
  exec(argv: readonly string[], options: CommandOptions = {}): Promise<CommandOutput> {
    return run([...this.enter(options.cwd), ...argv], withoutCwd(options));
  }

  /** Like exec; an exit code other than 0 throws. Returns standard output. */
  must(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
    return must([...this.enter(options.cwd), ...argv], withoutCwd(options));
  }

  /** Starts a program in the node and does not wait for it. It ends with the node at the latest. */
  spawn(argv: readonly string[], options: SpawnOptions = {}): NodeProcess {
    const output = options.output ?? "null";
    const inFile = typeof output === "object";
    const [program, args] = programOf([
      ...(inFile ? appendingTo(output.file) : []),
      ...this.enter(options.cwd),
      ...argv,
    ]);
    const stream = inFile ? "null" : output;
    return new NodeProcess(
      new Deno.Command(program, {
        args,
        stdin: "null",
        stdout: stream,
        stderr: stream,
        cwd: "/",
        ...(options.env && { env: options.env }),
      }).spawn(),
    );
  }

  /** The machine's path of a file or socket in the node, e.g. of /run/docker.sock. */
  path(path: string): string {
    return `/proc/${this.pid}/root${path}`;
  }

  /** `ip -batch` in the node: one process for many changes. */
  async ip(commands: readonly string[]): Promise<void> {
    await this.must(["ip", "-batch", "-"], { stdin: commands.join("\n") + "\n" });
  }

  /** Ends every process of the node; links and mounts go with the last one. */
  async close(): Promise<void> {
    await this.holder.stdin.close().catch(() => undefined); // process 1 ends with its input
    await this.holder.status;
  }

  /** The words that run a program in the node; for those that start processes themselves. */
  enter(cwd = "/"): string[] {
    return [
      "nsenter",
      `--target=${this.pid}`,
      "--net",
      "--mount",
      "--uts",
      "--pid",
      `--wd=${this.path(cwd)}`,
      "--",
    ];
  }
}

function withoutCwd({ cwd: _, ...rest }: CommandOptions): CommandOptions {
  return rest;
}

/** Reads up to the first newline, and then no more. */
async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0] ?? "";
}

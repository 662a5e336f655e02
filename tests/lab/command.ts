/**
 * Runs programs from argument arrays and collects what they print. No shell, no inherited input, always a deadline.
 * @module
 */

export interface CommandOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Written to the program's standard input; absent: empty input. */
  readonly stdin?: string;
  /** Milliseconds until the program is killed and the call fails; 30 s unless told. */
  readonly deadline?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A program that failed or did not end in time. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  constructor(message: string, readonly output?: CommandOutput, options?: { cause?: unknown }) {
    super(message, options);
  }
}

const DEADLINE = 30_000;

/** Runs to the end, whatever the exit code. Throws CommandError when the program is missing or misses its deadline. */
export async function run(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<CommandOutput> {
  const deadline = options.deadline ?? DEADLINE;
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), deadline);
  try {
    const child = spawn(argv, controller.signal, options);
    const [, output] = await Promise.all([feed(child, options.stdin ?? ""), child.output()]);
    if (controller.signal.aborted) {
      throw new CommandError(`${argv.join(" ")}: did not end within ${deadline} ms`);
    }
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return {
      code: output.code,
      stdout: decode(output.stdout),
      stderr: decode(output.stderr),
    };
  } finally {
    clearTimeout(timer);
  }
}

/** Like run, but an exit code other than 0 throws CommandError with what the program said. Returns its standard output. */
export async function must(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const output = await run(argv, options);
  if (output.code === 0) return output.stdout;
  const said = (output.stderr.trim() || output.stdout.trim()).slice(-2000);
  throw new CommandError(`${argv.join(" ")}: exit code ${output.code}: ${said}`, output);
}

/** Splits an argument array into program and arguments. */
export function programOf(argv: readonly string[]): [program: string, args: string[]] {
  const [program, ...args] = argv;
  if (program === undefined) throw new CommandError("an empty command");
  return [program, args];
}

/**
 * The words to put before a command so that the kernel appends its output to `file`, whether or not we live on: a fixed shell program that
 * is given everything as arguments.
 */
export function appendingTo(file: string): string[] {
  return ["/bin/sh", "-c", 'log=$0; exec "$@" >>"$log" 2>&1', file];
}

function spawn(
  argv: readonly string[],
  signal: AbortSignal,
  options: CommandOptions,
): Deno.ChildProcess {
  const [program, args] = programOf(argv);
  try {
    return new Deno.Command(program, {
      args,
      signal,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      ...(options.env && { env: options.env }),
      ...(options.cwd !== undefined && { cwd: options.cwd }),
    }).spawn();
  } catch (cause) {
    throw new CommandError(`${program}: cannot be started`, undefined, { cause });
  }
}

async function feed(child: Deno.ChildProcess, text: string): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    if (text) await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // The program ended without reading its input: its exit code tells the story.
  }
}

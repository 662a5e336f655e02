/**
 * Starts the programs that write NAT rules: argument arrays, input on stdin, a deadline, no shell.
 * @module
 */
import { KernelError } from "../../mod/agent/kernel.ts";

/** Waiting for another program's xtables lock included. */
const DEADLINE_MS = 15_000;

export interface CommandResult {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Undefined when there is no such program. Throws KernelError "failed" at the deadline. */
export async function runCommand(
  program: string,
  args: readonly string[],
  input?: string,
): Promise<CommandResult | undefined> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const command = new Deno.Command(program, {
    args: [...args],
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    env: { LC_ALL: "C" },
    signal,
  });
  let child: Deno.ChildProcess;
  try {
    child = command.spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new KernelError("failed", `cannot start ${program}`, { cause: error });
  }
  const written = input === undefined ? Promise.resolve() : feed(child.stdin, input);
  const { success, stdout, stderr } = await child.output();
  await written;
  if (signal.aborted) {
    throw new KernelError("failed", `${program} did not end within ${DEADLINE_MS / 1000} s`);
  }
  const decoder = new TextDecoder();
  return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr).trim() };
}

/** A program that ends without reading its input says why by its exit status and stderr. */
async function feed(stdin: WritableStream<Uint8Array>, input: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/**
 * The `ctl` role: binds the command line to this process's streams and environment.
 * @module
 */
import { runCtl } from "../ctl/run.ts";

/** `CONTIV_PROGRAM_NAME` is set by bin/contiv when it was called by an original program's name. */
export async function ctl(argv: string[]): Promise<number> {
  const programName = Deno.env.get("CONTIV_PROGRAM_NAME");
  return await runCtl(argv, {
    stdout: (text) => write(Deno.stdout, text),
    stderr: (text) => write(Deno.stderr, text),
    env: Deno.env.toObject(),
    isTerminal: Deno.stderr.isTerminal(),
    ...(programName ? { programName } : {}),
  });
}

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
}

/**
 * The `ctl` role: binds the command line to this process's streams and environment.
 * @module
 */
import { runCtl } from "../ctl/run.ts";
import { write } from "../output/write.ts";

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

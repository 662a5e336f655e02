/**
 * Runs a benchmark's other half in a lab host, next to the daemons that it asks, so that no process is started for a question.
 * @module
 */
import type { Host } from "../lab/host.ts";

const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

/** Runs `script` there with Deno and `--inside`; its output is shown as it comes. Throws when it fails. */
export async function runInside(host: Host, script: string): Promise<void> {
  const program = [Deno.execPath(), "run", "-A", "--quiet", `--config=${CONFIG}`, script];
  const { code } = await host.spawn([...program, "--inside"], { output: "inherit" }).status;
  if (code !== 0) throw new Error(`${script} failed on host ${host.name}: exit code ${code}`);
}

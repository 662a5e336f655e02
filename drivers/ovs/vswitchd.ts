/**
 * Asks ovs-vswitchd itself, over its control socket (JSON-RPC, ovs-vswitchd(8)), whether it runs. A pid file would not tell when the
 * daemon lives in another pid namespace.
 * @module
 */
import { withDeadline } from "./deadline.ts";
import { JsonRpc } from "./jsonrpc.ts";

const ANSWER_MS = 2_000;

/** e.g. "3.1.0"; undefined: no ovs-vswitchd answers in this run directory. */
export async function vswitchdVersion(
  runDirectory: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const socket of await controlSockets(runDirectory)) {
    const version = await ask(`${runDirectory}/${socket}`, signal);
    if (version !== undefined) return version;
  }
  return undefined;
}

/** `ovs-vswitchd.<pid>.ctl`; those of dead processes stay behind and refuse connections. */
async function controlSockets(runDirectory: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(runDirectory)) {
      if (/^ovs-vswitchd(\.\d+)?\.ctl$/.test(entry.name)) names.push(entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names;
}

async function ask(path: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const rpc = new JsonRpc(await Deno.connect({ transport: "unix", path }));
    try {
      const answer = await withDeadline(
        "ovs-vswitchd's version",
        ANSWER_MS,
        signal,
        (limited) => rpc.request("version", [], limited),
      );
      return /\b(\d+\.\d+\.\d+\S*)/.exec(String(answer))?.[1] ?? "unknown";
    } finally {
      rpc.close();
    }
  } catch {
    // No answer is the answer.
    return undefined;
  }
}

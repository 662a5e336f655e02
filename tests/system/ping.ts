/**
 * A ping that goes on while something is done to the system, and what it lost.
 * @module
 */
import type { Host } from "../lab/host.ts";
import { waitFor } from "../lab/wait.ts";

export interface PingResult {
  readonly sent: number;
  readonly received: number;
}

/** Pings every 10 ms from a process's or namespace's network while `work` runs; `enter` are the words that get there. */
export async function pingDuring(
  host: Host,
  enter: readonly string[],
  address: string,
  work: () => Promise<void>,
): Promise<PingResult> {
  const log = `${host.directory}/ping-${crypto.randomUUID()}.log`;
  const ping = host.spawn([...enter, "ping", "-i", "0.01", "-W", "1", address], {
    output: { file: log },
  });
  await waitFor("the first reply", () => Deno.readTextFileSync(log).includes("bytes from"));
  await work();
  ping.kill("SIGINT");
  await ping.status;
  const text = Deno.readTextFileSync(log);
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(text) ?? [];
  if (!sent || !received) throw new Error(`ping did not end as it should: ${text.slice(-500)}`);
  return { sent: Number(sent), received: Number(received) };
}

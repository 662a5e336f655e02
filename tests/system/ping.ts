/**
 * A ping that goes on while something is done to the system, and what it lost.
 * @module
 */
import type { Host } from "../lab/host.ts";
import { waitFor } from "../lab/wait.ts";

export interface PingResult {
  /** Up to the last that was answered. */
  readonly sent: number;
  readonly received: number;
}

/** Pings every 10 ms from a process's or namespace's network while `work` runs, and until it is answered afterwards; `enter` are the words that get there. */
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
  const replies = () => sequencesOf(Deno.readTextFileSync(log));
  await waitFor("the first reply", () => replies().length > 0);
  await work();
  const last = Math.max(...replies());
  // One more, so that what was lost at the end of the work shows; the request under way when ping is told to stop does not count.
  await waitFor("a reply afterwards", () => Math.max(...replies()) > last);
  ping.kill("SIGINT");
  await ping.status;
  const sequences = replies();
  return { sent: Math.max(...sequences), received: new Set(sequences).size };
}

function sequencesOf(text: string): number[] {
  return [...text.matchAll(/icmp_seq=(\d+) .*time=/g)].map(([, sequence]) => Number(sequence));
}

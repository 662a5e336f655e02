/**
 * What a process has taken of the machine so far, by /proc.
 * @module
 */

/** USER_HZ is 100 on every architecture that we run on (time(7)). */
const MS_PER_TICK = 10;

/** MiB */
export function residentMemory(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

/** Milliseconds of processor time, of all threads. */
export function processorTime(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]?.split(" ") ?? [];
  return (Number(stat[11]) + Number(stat[12])) * MS_PER_TICK;
}

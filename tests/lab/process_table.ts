/**
 * What /proc tells about processes: who is alive, under a name that survives the reuse of process ids.
 * @module
 */

/** A process, told apart from a later one with the same number by its start time (clock ticks since boot). */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: number;
}

/** The identity of a living process; undefined when there is none of that number (a zombie does not live). */
export function identify(pid: number): ProcessIdentity | undefined {
  let stat: string;
  try {
    stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
  // The second field, the command's name in parentheses, may hold anything; the third is the state, the 22nd the start time: proc(5).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? undefined : { pid, startTime: Number(fields[19]) };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTime === identity.startTime;
}

/** The children of a process, in the machine's numbering. */
export function childrenOf(pid: number): number[] {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`);
    return text.split(" ").filter((word) => word.trim() !== "").map(Number);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** Sends a signal; a process that has gone meanwhile is not an error. */
export function sendSignal(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** ENOENT from /proc, or ESRCH, which Deno reports under different names. */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound ||
    (error instanceof Error && /ESRCH|No such process|os error 3\b/.test(error.message));
}

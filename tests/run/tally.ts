/**
 * Counts of passed and failed, summed over everything that a run does.
 * @module
 */

export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

export const NOTHING: Tally = { passed: 0, failed: 0 };

export function addTallies(a: Tally, b: Tally): Tally {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed };
}

/** The last line of every run, alone on it. */
export function formatTally({ passed, failed }: Tally): string {
  return `${passed} passed, ${failed} failed`;
}

/**
 * What `deno test` reported in its summary line (`ok | 7 passed (2 steps) | 0 failed | 1 ignored (3s)`). An ignored test is a failed one:
 * nothing is skipped. Output without that line, or an exit code that contradicts it, is one failure.
 */
export function tallyOf(output: string, exitCode: number): Tally {
  // deno-fmt-ignore
  const summary = /^(?:ok|FAILED) \| (\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed(?: \(\d+ steps?\))?(?: \| (\d+) ignored)?/gm;
  const last = [...plain(output).matchAll(summary)].at(-1);
  if (!last) return { passed: 0, failed: 1 };
  const failed = Number(last[2]) + Number(last[3] ?? 0);
  return { passed: Number(last[1]), failed: exitCode !== 0 ? Math.max(failed, 1) : failed };
}

/** Without colours. */
function plain(text: string): string {
  const escape = String.fromCharCode(27);
  return text.split(escape).map((part, index) => index ? part.replace(/^\[[\d;]*m/, "") : part)
    .join("");
}

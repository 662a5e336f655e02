/**
 * What a benchmark says to its runner: ratios between measurements of one run. They hold on any machine, where times do not, so they are
 * what thresholds are stored for.
 * @module
 */

/** Set by the runner: where ratios go, one JSON object a line. */
export const RATIOS_FILE = "CONTIV_BENCH_RATIOS";
/** Set by the runner to "1": fewer rounds and smaller numbers, the same tables. */
export const QUICK_SWITCH = "CONTIV_BENCH_QUICK";

/** Also when the script is run by hand with `--quick`. */
export const QUICK: boolean = Deno.env.get(QUICK_SWITCH) === "1" || Deno.args.includes("--quick");

export type Better = "lower" | "higher";

export interface Ratio {
  /** Says what is divided by what, and under which conditions; the same in every run. */
  readonly name: string;
  readonly value: number;
  readonly better: Better;
  /** What the project wants to reach; shown, not enforced. */
  readonly target?: number;
}

/** Notes a ratio for the runner; by hand, does nothing. Throws when it is no number. */
export function note(name: string, value: number, better: Better, target?: number): void {
  if (!Number.isFinite(value)) throw new Error(`${name}: ${value} is no ratio`);
  const file = Deno.env.get(RATIOS_FILE);
  if (!file) return;
  const ratio: Ratio = { name, value, better, ...(target === undefined ? {} : { target }) };
  Deno.writeTextFileSync(file, JSON.stringify(ratio) + "\n", { append: true });
}

/** `full`, or `quick` in a quick run. */
export function rounds(full: number, quick: number): number {
  return QUICK ? quick : full;
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

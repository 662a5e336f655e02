/**
 * Times of one operation, and tables of them beside those of its peers.
 * @module
 */

/** Milliseconds that `work` takes. */
export async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export class Samples {
  readonly #times: number[] = [];

  constructor(readonly name: string) {}

  add(milliseconds: number): void {
    this.#times.push(milliseconds);
  }

  /** Runs `work` and notes how long it took. */
  async measure<T>(work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await work();
    this.add(performance.now() - start);
    return result;
  }

  get count(): number {
    return this.#times.length;
  }

  /** The smallest time that `share` of the times do not exceed (nearest rank); NaN without times. */
  quantile(share: number): number {
    const sorted = this.#times.toSorted((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
  }

  get median(): number {
    return this.quantile(0.5);
  }
}

/** One row of a table: what was measured, and what it is compared with. */
export interface Row {
  readonly samples: Samples;
  /** A peer measured in the same run. */
  readonly peer?: Samples;
  /** The original's median on this kind of machine, milliseconds; recorded, not of this run. */
  readonly original?: number;
}

/** Prints milliseconds; "× peer" is how many times faster than the peer, by the medians. */
export function printTimes(title: string, rows: readonly Row[]): void {
  const cells = rows.map(({ samples, peer, original }) => [
    samples.name,
    String(samples.count),
    format(samples.median),
    format(samples.quantile(0.99)),
    format(samples.quantile(1)),
    peer ? `${format(peer.median)} (${peer.name})` : "",
    peer ? ratio(peer.median, samples.median) : "",
    original === undefined ? "" : format(original),
    original === undefined ? "" : ratio(original, samples.median),
  ]);
  const head = ["ms", "n", "median", "p99", "max", "peer", "× peer", "original", "× original"];
  printTable(title, [head, ...cells]);
}

/** Prints cells in columns; the first row is the head. Empty columns are left out. */
export function printTable(title: string, rows: readonly (readonly string[])[]): void {
  const [head = [], ...body] = rows;
  const columns = head.map((_, at) => at)
    .filter((at) => at === 0 || body.some((row) => row[at] !== ""));
  const widths = new Map(
    columns.map((at) => [at, Math.max(...rows.map((row) => (row[at] ?? "").length))]),
  );
  console.log(`\n${title}`);
  for (const row of rows) {
    const line = columns.map((at) =>
      at === 0
        ? (row[at] ?? "").padEnd(widths.get(at) ?? 0)
        : (row[at] ?? "").padStart(widths.get(at) ?? 0)
    );
    console.log(line.join("  ").trimEnd());
  }
}

function format(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function ratio(other: number, own: number): string {
  return `${(other / own).toFixed(1)}×`;
}

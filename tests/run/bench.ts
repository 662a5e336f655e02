/**
 * `deno task bench [word] [--quick] [--check] [--record]`: runs the scripts tests/bench/*_bench.ts whose name holds `word`, one after
 * another; each prints its own tables. At the end, all of their ratios beside the limits of tests/bench/thresholds.json. `--check` fails
 * beyond a limit, `--record` stores what was measured as the new limits, `--quick`
 * measures less.
 * @module
 */
import process from "node:process";
import { join } from "node:path";
import { QUICK_SWITCH, type Ratio, RATIOS_FILE } from "../bench/ratios.ts";
import { printTable } from "../bench/samples.ts";
import {
  better,
  compare,
  type Finding,
  reaches,
  record,
  type Thresholds,
} from "../bench/thresholds.ts";
import { ROOT, sourceFiles } from "./files.ts";
import { BENCH_NEEDS, installMissing } from "./packages.ts";

const THRESHOLDS = join(ROOT, "tests/bench/thresholds.json");
/** Of scripts that take their number of rounds as an argument. */
const QUICK_ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  "tests/bench/attach_bench.ts": ["10"],
  "tests/bench/split_bench.ts": ["20"],
};
const SWITCHES = ["--quick", "--check", "--record"];

const words = Deno.args.filter((argument) => !argument.startsWith("--"));
const unknown = Deno.args.filter((argument) =>
  argument.startsWith("--") && !SWITCHES.includes(argument)
);
if (words.length > 1 || unknown.length > 0) {
  console.error("usage: deno task bench [word] [--quick] [--check] [--record]");
  process.exit(2);
}
const [quick, check, recording] = SWITCHES.map((name) => Deno.args.includes(name));
if (quick && recording) {
  console.error("--record needs a full run: a quick one is too coarse to make limits from");
  process.exit(2);
}
const [word = ""] = words;
const scripts = sourceFiles().filter((file) =>
  file.startsWith("tests/bench/") && file.endsWith("_bench.ts") && file.includes(word)
);
if (scripts.length === 0) {
  console.error(`no script in tests/bench has "${word}" in its name`);
  process.exit(2);
}
try {
  await installMissing(BENCH_NEEDS, console.log);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
process.exit(await main() ? 0 : 1);

/** Whether every script ended well and, when that is checked, kept the limits. */
async function main(): Promise<boolean> {
  const thresholds: Thresholds = JSON.parse(Deno.readTextFileSync(THRESHOLDS));
  const broken: string[] = [];
  const ratios: Ratio[] = [];
  for (const script of scripts) {
    const first = await run(script);
    if (!first.ok) broken.push(script);
    ratios.push(...check ? await again(script, first.ratios, thresholds) : first.ratios);
  }
  const findings = compare(ratios, thresholds, !quick && word === "");
  if (findings.length > 0) print(findings);
  if (recording) {
    const limits = Object.entries(record(ratios, thresholds)).toSorted(([a], [b]) =>
      a < b ? -1 : 1
    );
    Deno.writeTextFileSync(
      THRESHOLDS,
      JSON.stringify(Object.fromEntries(limits), undefined, 2) + "\n",
    );
  }
  const bad = findings.filter(({ verdict }) => verdict === "beyond" || verdict === "not measured");
  if (broken.length > 0) console.log(`\nfailed: ${broken.join(", ")}`);
  if (check && !recording && bad.length > 0) {
    console.log(`\nbeyond its limit, or not measured: ${bad.map(({ name }) => name).join("; ")}`);
    return false;
  }
  return broken.length === 0;
}

/** A script with a ratio beyond its limit runs once more, and the better value counts. */
async function again(script: string, first: Ratio[], thresholds: Thresholds): Promise<Ratio[]> {
  const beyond = compare(first, thresholds, false).filter(({ verdict }) => verdict === "beyond");
  if (beyond.length === 0) return first;
  console.log(`\nonce more, since beyond its limit: ${beyond.map(({ name }) => name).join("; ")}`);
  return better(first, (await run(script)).ratios);
}

async function run(script: string): Promise<{ ok: boolean; ratios: Ratio[] }> {
  console.log(`\n== ${script}`);
  const file = Deno.makeTempFileSync({ prefix: "contiv-bench-" });
  try {
    const start = performance.now();
    const args = quick ? QUICK_ARGUMENTS[script] ?? [] : [];
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "--quiet", script, ...args],
      cwd: ROOT,
      stdin: "null",
      env: { [RATIOS_FILE]: file, ...(quick ? { [QUICK_SWITCH]: "1" } : {}) },
    }).spawn().status;
    console.log(`\n(${((performance.now() - start) / 1000).toFixed(0)} s)`);
    const lines = Deno.readTextFileSync(file).split("\n").filter((line) => line !== "");
    return { ok: code === 0, ratios: lines.map((line): Ratio => JSON.parse(line)) };
  } finally {
    Deno.removeSync(file);
  }
}

function print(findings: readonly Finding[]): void {
  const number = (value: number | undefined) => value === undefined ? "" : value.toPrecision(3);
  printTable("Ratios", [
    ["", "measured", "limit", "", "target", ""],
    ...findings.map(({ name, ratio, threshold, verdict }) => {
      const sign = (ratio ?? threshold)?.better === "higher" ? "≥ " : "≤ ";
      const reached = ratio && reaches(ratio);
      return [
        name,
        number(ratio?.value),
        threshold ? sign + number(threshold.limit) : "",
        verdict,
        ratio?.target === undefined ? "" : sign + number(ratio.target),
        reached === undefined ? "" : reached ? "reached" : "not reached",
      ];
    }),
  ]);
}

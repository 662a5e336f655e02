/**
 * The test runner. `test`: everything, installing what is missing; `ok`: what needs neither root nor packages; `unit`: unit tests only.
 * The last line says `N passed, N failed`; the exit code is 0 only when nothing failed.
 * @module
 */
import process from "node:process";
import { isLabTest, isUnitTest, ROOT, sourceFiles } from "./files.ts";
import { installMissing, TEST_NEEDS } from "./packages.ts";
import { addTallies, formatTally, NOTHING, type Tally, tallyOf } from "./tally.ts";

/** One program that either passes or fails, or counts its tests. */
interface Step {
  readonly title: string;
  readonly args: readonly string[];
  readonly countsTests: boolean;
  /** Milliseconds after which it is killed, and has failed. */
  readonly deadline: number;
}

const MINUTE = 60_000;
/** In CI the lock file is the truth; by hand a new import may still be added to it. */
const FROZEN = Deno.env.get("CI") === "true" ? ["--frozen"] : [];

function checks(): Step[] {
  const check = (title: string, ...args: string[]): Step => {
    return { title, args, countsTests: false, deadline: 5 * MINUTE };
  };
  return [
    check("format", "fmt", "--check", "--quiet"),
    check("lint", "lint", "--quiet"),
    check("types", "check", "--quiet", ...FROZEN, "."),
  ];
}

/** The layers check is a unit test, tests/layers_test.ts. */
function unitTests(): Step {
  return testStep("unit tests", ["--parallel", ...sourceFiles().filter(isUnitTest)], 5 * MINUTE);
}

/** Made once, before the tests that need them: what a test file finds made, it does not make again. */
function nativeBuilds(): Step[] {
  const build = (title: string, ...args: string[]): Step => {
    const program = "drivers/ovs/native/build.ts";
    return {
      title,
      args: ["run", "--allow-all", "--quiet", program, ...args],
      countsTests: false,
      deadline: 10 * MINUTE,
    };
  };
  return [
    build("native library"),
    build("native library under sanitizers, and its fuzz targets", "--fuzz"),
  ];
}

/** One after another: they share two cores, and a hang must be one file's failure. */
function labTests(): Step[] {
  return sourceFiles().filter(isLabTest).map((file) => testStep(file, [file], 4 * MINUTE));
}

function testStep(title: string, args: readonly string[], deadline: number): Step {
  const flags = ["test", "--allow-all", "--quiet", ...FROZEN];
  return { title, args: [...flags, ...args], countsTests: true, deadline };
}

async function runStep(step: Step): Promise<Tally> {
  console.log(`\n== ${step.title}`);
  const child = new Deno.Command(Deno.execPath(), {
    args: [...step.args],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let late = false;
  const ended = new AbortController();
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
    ended.abort(); // a program that it left behind may hold the pipe open
  }, step.deadline);
  const output = await echo(child.stdout, ended.signal);
  const { code } = await child.status;
  clearTimeout(timer);
  if (late) console.log(`${step.title}: killed after ${step.deadline / 1000} s`);
  if (step.countsTests && !late) return tallyOf(output, code);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Shows what a program prints while it prints it, until its end or until `signal` aborts, and returns it. */
async function echo(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
): Promise<string> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  signal.addEventListener("abort", () => reader.cancel());
  let text = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    process.stdout.write(part.value);
    text += part.value;
  }
  return text;
}

async function prepareLab(): Promise<Tally> {
  try {
    if (Deno.uid() !== 0) {
      throw new Error(
        "the lab tests need root: run `sudo npx -y deno@2.9.6 task test`, or `deno task ok`",
      );
    }
    await installMissing(TEST_NEEDS, console.log);
    return NOTHING;
  } catch (error) {
    console.log(error instanceof Error ? error.message : error);
    return { passed: 0, failed: 1 };
  }
}

async function main(what: string | undefined): Promise<Tally> {
  const all = what === "test";
  const prepared = all ? await prepareLab() : NOTHING;
  const steps = [
    ...(what === "unit" ? [] : checks()),
    unitTests(),
    ...(all && prepared.failed === 0 ? [...nativeBuilds(), ...labTests()] : []),
  ];
  let sum = prepared;
  const bad: string[] = prepared.failed ? ["preparing the lab tests (none of them ran)"] : [];
  for (const step of steps) {
    const tally = await runStep(step);
    sum = addTallies(sum, tally);
    if (tally.failed) bad.push(step.title);
  }
  if (bad.length) console.log(`\nfailed: ${bad.join(", ")}`);
  return sum;
}

const [what] = Deno.args;
if (what !== "test" && what !== "ok" && what !== "unit") {
  console.error("usage: deno task test | ok | test:unit");
  process.exit(2);
}
const sum = await main(what);
console.log(`\n${formatTally(sum)}`);
process.exit(sum.failed ? 1 : 0);

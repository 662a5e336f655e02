/**
 * Holds the shape of the house (ARCHITECTURE.md): who may import whom, what the domain must not touch, how long a file may be, and that
 * each says what it owns.
 * @module
 */
import assert from "node:assert/strict";
import { dirname, join, normalize } from "node:path";
import { isLabTest, isUnitTest, ROOT, sourceFiles } from "./run/files.ts";

/** A folder, and the folders that it may import from besides itself. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  "main.ts": ["cli", "api", "drivers", "mod"],
  cli: ["api", "drivers", "mod"],
  api: ["mod"],
  drivers: ["mod"],
  mod: [],
};

/** Inside mod, whose order is finer. */
const DOMAIN: Readonly<Record<string, readonly string[]>> = {
  net: [],
  model: ["net"],
  state: ["net", "model"],
  alloc: ["net", "model", "state"],
  intent: ["net", "model", "state", "alloc"],
  policy: ["net", "model", "state"],
  pipeline: ["net", "model", "state"],
  agent: ["net", "model", "state", "alloc", "intent", "policy", "pipeline"],
  dns: ["net", "model", "state"],
  docker: ["net", "model", "state", "alloc", "intent", "agent"],
};

/** What the domain is handed instead of reaching for it. */
const IMPURE: readonly [what: string, pattern: RegExp][] = [
  ["the Deno API", /\bDeno\.(?!test\b)[a-zA-Z]/],
  ["node:fs, node:net, node:child_process, …", /from "node:(?!assert)/],
  ["process", /\bprocess\.(env|exit|pid|argv|hrtime|nextTick)\b/],
  ["the clock", /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/],
  ["chance", /\bMath\.random\(|\bcrypto\.(randomUUID|getRandomValues)\(/],
  ["the network", /\bfetch\(/],
];

const LONGEST = 300;
/** Longer files, each with its reason. */
const LONG: Readonly<Record<string, string>> = {};

/** Code that is not a test, nor a tool of the tests. */
const sources = sourceFiles().filter((file) =>
  !isUnitTest(file) && !isLabTest(file) && !file.startsWith("tests/") &&
  !file.includes("/testing/")
).map((file) => {
  const text = Deno.readTextFileSync(join(ROOT, file));
  return { file, text, code: withoutComments(text) };
});

Deno.test("imports go one way: main → cli → api, drivers → mod", () => {
  report(sources.flatMap(({ file, code }) =>
    importsOf(file, code).flatMap((target) => {
      const [from, to] = [topOf(file), topOf(target)];
      if (from === to || LAYERS[from]?.includes(to)) return [];
      return [`${file} imports ${target}: ${from} may import ${sayNames(LAYERS[from])}`];
    })
  ));
});

Deno.test("imports inside mod go one way: net ← model ← state ← alloc ← intent", () => {
  const domain = sources.filter(({ file }) => topOf(file) === "mod");
  report(domain.flatMap(({ file, code }) => {
    const part = file.split("/")[1] ?? "";
    if (!DOMAIN[part]) return [`${file}: mod/${part} has no place in tests/layers_test.ts yet`];
    return importsOf(file, code).filter((target) => topOf(target) === "mod").flatMap((target) => {
      const to = target.split("/")[1] ?? "";
      if (to === part || DOMAIN[part]?.includes(to)) return [];
      return [`${file} imports ${target}: mod/${part} may import ${sayNames(DOMAIN[part])}`];
    });
  }));
});

Deno.test("mod is pure: clock, chance, sockets and files are passed in", () => {
  const domain = sources.filter(({ file }) => topOf(file) === "mod");
  report(
    domain.flatMap(({ file, code }) =>
      code.split("\n").flatMap((line, index) =>
        IMPURE.filter(([, pattern]) => pattern.test(line))
          .map(([what]) => `${file}:${index + 1} uses ${what}: ${line.trim()}`)
      )
    ),
  );
});

Deno.test(`no file is longer than ${LONGEST} lines without a reason`, () => {
  report(sources.flatMap(({ file, text }) => {
    const lines = text.split("\n").length - 1;
    if (lines <= LONGEST || LONG[file]) return [];
    return [`${file} has ${lines} lines: is it one idea?`];
  }));
  const needless = Object.keys(LONG).filter((file) =>
    (sources.find((source) => source.file === file)?.text.split("\n").length ?? 0) - 1 <= LONGEST
  );
  report(needless.map((file) => `${file} is not that long (any more): take it off the list`));
});

Deno.test("every module starts by saying what it owns", () => {
  report(
    sources.filter(({ text }) => !/^(#!.*\n)?\/\*\*(?:(?!\*\/)[\s\S])*@module/.test(text))
      .map(({ file }) => `${file} does not start with a comment that holds @module`),
  );
});

function report(faults: readonly string[]): void {
  assert.ok(faults.length === 0, `\n  ${faults.join("\n  ")}`);
}

function topOf(file: string): string {
  return file.split("/")[0] ?? "";
}

function sayNames(names: readonly string[] | undefined): string {
  return names?.length ? `only ${names.join(", ")} besides itself` : "nothing but itself";
}

/** Relative imports and re-exports, type-only and dynamic ones included, as paths from the root. */
function importsOf(file: string, code: string): string[] {
  const specifiers = code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']+)["']/g);
  return [...specifiers].map((match) => normalize(join(dirname(file), match[1] ?? "")));
}

/** Blanks comments and keeps line numbers. Strings that hold `//` lose their tail, which no check above looks at. */
function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
    .replace(/(^|\s)\/\/.*$/gm, "$1");
}

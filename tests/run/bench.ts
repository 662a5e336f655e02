/**
 * `deno task bench [word]`: runs the scripts tests/bench/*_bench.ts whose name holds `word`, one after another; each prints its own table.
 * @module
 */
import process from "node:process";
import { ROOT, sourceFiles } from "./files.ts";

const word = Deno.args[0] ?? "";
const scripts = sourceFiles().filter((file) =>
  file.startsWith("tests/bench/") && file.endsWith("_bench.ts") && file.includes(word)
);
if (scripts.length === 0) {
  console.error(`no script in tests/bench has "${word}" in its name`);
  process.exit(2);
}
let failed = 0;
for (const script of scripts) {
  console.log(`\n== ${script}`);
  const args = ["run", "--allow-all", "--quiet", script];
  const { code } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT, stdin: "null" })
    .spawn().status;
  if (code !== 0) failed++;
}
process.exit(failed ? 1 : 0);

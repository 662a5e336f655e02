/**
 * `deno task build`: makes dist/contiv, one executable, with `deno compile`. That needs Deno's runtime base (denort), which DENORT_BIN names;
 * without it the task explains instead of trying a download that many networks refuse.
 * @module
 */
import process from "node:process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname ?? ".", "..", "..");
const base = Deno.env.get("DENORT_BIN");
if (!base) {
  console.error(
    "deno task build: cannot make dist/contiv: DENORT_BIN names no runtime base.\n" +
      `Take denort of Deno ${Deno.version.deno} for ${Deno.build.target} from Deno's release page and run: ` +
      "DENORT_BIN=/path/to/denort deno task build\nFrom source everything runs without it: bin/contiv --help",
  );
  process.exit(1);
}
const target = join(ROOT, "dist", "contiv");
const args = ["compile", "--frozen", "--allow-all", "--output", target, join(ROOT, "main.ts")];
const { code } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).spawn().status;
process.exit(code);

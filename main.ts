/**
 * The executable: the first argument, or the name it is called by, says which role it takes. Roles load only when they run.
 * @module
 */
import { run } from "./cli/run.ts";

if (import.meta.main) Deno.exit(await run(Deno.args));

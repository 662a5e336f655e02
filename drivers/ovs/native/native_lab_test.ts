import { equal, match } from "node:assert/strict";
import { join } from "node:path";
import { builtFuzzTargets } from "./testing/built.ts";

/** libFuzzer's time for one target. */
const SECONDS = 10;
const SEEDS = join(import.meta.dirname ?? ".", "fuzz", "seeds");
const targets = await builtFuzzTargets();

Deno.test("native library keeps its promises under AddressSanitizer and UBSan", async () => {
  const { code, said } = await run(targets, "shim_check");
  equal(code, 0, said);
});

for (const [target, seeds] of [["fuzz_text", "text"], ["fuzz_message", "message"]] as const) {
  Deno.test(`native library withstands ${target} for ${SECONDS} s`, async () => {
    // A corpus of its own: new findings do not go into the source tree. A crashing input is left there, and named.
    const corpus = await Deno.makeTempDir({ prefix: "contiv-fuzz-" });
    const args = [`-max_total_time=${SECONDS}`, "-max_len=4096", `-artifact_prefix=${corpus}/`];
    const { code, said } = await run(targets, target, ...args, corpus, join(SEEDS, seeds));
    equal(code, 0, said);
    match(said, /Done \d{4,} runs/);
    await Deno.remove(corpus, { recursive: true });
  });
}

async function run(directory: string, program: string, ...args: string[]) {
  const command = new Deno.Command(join(directory, program), { args, stdin: "null" });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, said: text.decode(stdout) + text.decode(stderr) };
}

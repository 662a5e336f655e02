import assert from "node:assert/strict";
import { addTallies, formatTally, tallyOf } from "./tally.ts";

const CASES: [what: string, output: string, code: number, passed: number, failed: number][] = [
  ["a plain pass", "\nok | 7 passed | 0 failed (3s)\n", 0, 7, 0],
  ["steps", "ok | 7 passed (12 steps) | 0 failed (3s)", 0, 7, 0],
  ["failures", "FAILED | 4 passed (1 step) | 3 failed (2 steps) (22s)", 1, 4, 3],
  ["an ignored test counts as failed", "ok | 4 passed | 0 failed | 2 ignored (1s)", 0, 4, 2],
  ["colours", "\x1b[0m\x1b[32mok\x1b[0m | 5 passed | 0 failed \x1b[90m(1s)\x1b[0m", 0, 5, 0],
  ["no summary", "error: Type checking failed.", 1, 0, 1],
  ["no summary and exit code 0", "", 0, 0, 1],
  ["an exit code that contradicts", "ok | 4 passed | 0 failed (1s)", 1, 4, 1],
  ["the last of several", "ok | 1 passed | 0 failed (1s)\nok | 2 passed | 0 failed (1s)", 0, 2, 0],
];

for (const [what, output, code, passed, failed] of CASES) {
  Deno.test(`tallyOf reads ${what}`, () => {
    assert.deepEqual(tallyOf(output, code), { passed, failed });
  });
}

Deno.test("formatTally prints the sum as one line", () => {
  const sum = addTallies({ passed: 3, failed: 1 }, { passed: 4, failed: 0 });
  assert.equal(formatTally(sum), "7 passed, 1 failed");
});

import assert from "node:assert/strict";
import { errorLine } from "./error_line.ts";

const now = new Date("2026-01-02T03:04:05.678Z");

Deno.test("errorLine is key=value when standard error is not a terminal", () => {
  assert.equal(
    errorLine("network not found\n", false, now),
    'time="2026-01-02T03:04:05Z" level=error msg="network not found"\n',
  );
});

Deno.test("errorLine keeps advice on its own line when there is some", () => {
  assert.equal(
    errorLine("tenant not found\nCreate it first", true, now),
    "ERRO[0000] tenant not found\nCreate it first\n",
  );
});

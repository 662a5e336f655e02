import assert from "node:assert/strict";
import { goJson } from "./json.ts";

Deno.test("goJson escapes what Go escapes when a string holds it", () => {
  const value = { a: "<b> & \u2028" };
  const text = goJson(value);
  assert.equal(text, '{"a":"\\u003cb\\u003e \\u0026 \\u2028"}\n');
  assert.deepEqual(JSON.parse(text), value);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { DockerError } from "./error.ts";
import { jsonLines } from "./json_lines.ts";

const schema = z.object({ n: z.number(), text: z.string() });
const NEVER = new AbortController().signal;

function streamOf(bytes: Uint8Array<ArrayBuffer>, sizes: readonly number[]) {
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      let at = 0;
      for (const size of [...sizes, bytes.length]) {
        if (at < bytes.length) controller.enqueue(bytes.slice(at, at + size));
        at += size;
      }
      controller.close();
    },
  });
}
const collect = (text: string, sizes: readonly number[] = []) =>
  Array.fromAsync(jsonLines(streamOf(new TextEncoder().encode(text), sizes), schema, NEVER));

Deno.test("jsonLines gives the same values however the stream is cut", async () => {
  const values = fc.array(fc.record({ n: fc.nat(), text: fc.string({ unit: "grapheme" }) }, {
    noNullPrototype: true,
  }));
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 });
  await fc.assert(fc.asyncProperty(values, sizes, async (given, cut) => {
    const text = given.map((value) => JSON.stringify(value) + "\n").join("\n");
    assert.deepEqual(await collect(text, cut), given);
  }));
});

Deno.test("jsonLines drops a line that the connection's end has cut off", async () => {
  assert.deepEqual(await collect('{"n":1,"text":""}\n{"n":2,"te'), [{ n: 1, text: "" }]);
});

for (const line of ["{", '{"n":"1"}', "[]", "x".repeat(1024 * 1024 + 2)]) {
  Deno.test(`jsonLines throws at ${line.slice(0, 10)}… of ${line.length} characters`, async () => {
    await assert.rejects(
      collect(`${line}\n`.repeat(line.length > 100 ? 0 : 1) || line),
      DockerError,
    );
  });
}

Deno.test("jsonLines ends when it is aborted while it waits", async () => {
  const stop = new AbortController();
  const silent = new ReadableStream<Uint8Array<ArrayBuffer>>();
  const all = Array.fromAsync(jsonLines(silent, schema, stop.signal));
  stop.abort();
  assert.deepEqual(await all, []);
});

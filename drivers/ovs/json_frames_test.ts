import { deepEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { JsonFrames } from "./json_frames.ts";

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("JSON frames come out whole when the stream is cut anywhere", () => {
  const messages = fc.array(
    fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }),
    { maxLength: 4 },
  );
  const separators = fc.constantFrom("", "\n", " \t\r\n");
  const cuts = fc.array(fc.nat(50), { minLength: 1 });
  fc.assert(fc.property(messages, separators, cuts, (values, separator, lengths) => {
    const texts = values.map((value) => JSON.stringify(value));
    const bytes = encode(texts.join(separator));
    const frames = new JsonFrames();
    const received: unknown[] = [];
    for (let at = 0, turn = 0; at < bytes.length; turn++) {
      const length = (lengths[turn % lengths.length] ?? 0) + 1;
      received.push(...frames.push(bytes.subarray(at, at + length)));
      at += length;
    }
    deepEqual(received, texts.map((text) => JSON.parse(text)));
  }));
});

Deno.test("JSON frames refuse hostile bytes by a protocol error, never by another", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
    const frames = new JsonFrames(100);
    try {
      for (const chunk of chunks) frames.push(chunk);
    } catch (error) {
      deepEqual([(error as Error).name, (error as { code: string }).code], [
        "SwitchError",
        "protocol",
      ]);
    }
  }));
});

Deno.test("JSON frames refuse what is no object, too long, too deep, or ends wrongly", () => {
  const table: [string, RegExp][] = [
    ["[1]", /where an object must begin/],
    ["x", /where an object must begin/],
    [`{"a":"${"b".repeat(200)}"}`, /longer than 100 bytes/],
    [`{"a":"${"b".repeat(200)}`, /longer than 100 bytes/],
    [`{"a":${"[".repeat(80)}`, /nested deeper/],
    ["{]", /not JSON/],
    ['{"a" 1}', /not JSON/],
  ];
  for (const [text, message] of table) {
    throws(() => new JsonFrames(100).push(encode(text)), { code: "protocol", message });
  }
});

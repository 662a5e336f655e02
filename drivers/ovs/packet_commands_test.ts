import { equal, throws } from "node:assert/strict";
import { packetLine } from "./packet_commands.ts";

const frame = (bytes: number, type: readonly number[] = [8, 0]) => {
  const made = new Uint8Array(Math.max(bytes, 12 + type.length));
  made.set(type, 12);
  return made.slice(0, bytes);
};
const out = (made: Uint8Array<ArrayBuffer>) =>
  ({ frame: made, inPort: "controller", actions: ["output:1"] }) as const;

Deno.test("packet line holds the whole frame, and drops it without actions", () => {
  const line = packetLine({ frame: frame(14), inPort: 7, actions: [] });
  equal(line, "packet-out in_port=7,packet=0000000000000000000000000800,actions=drop");
});

Deno.test("packet line is refused when the frame is none or its payload exceeds 1,500 bytes, tags aside", () => {
  const tagged = [0x81, 0, 0, 5, 8, 0];
  const twice = [0x88, 0xa8, 0, 5, ...tagged];
  for (const made of [frame(1_514), frame(1_518, tagged), frame(1_522, twice), frame(18, tagged)]) {
    packetLine(out(made));
  }
  const refusals = [frame(0), frame(13), frame(1_515), frame(17, tagged), frame(1_519, tagged)];
  for (const made of [...refusals, frame(1_523, twice)]) {
    throws(() => packetLine(out(made)), { code: "packet-refused", message: /of \d+ bytes/ });
  }
});

import assert from "node:assert/strict";
import { pingFigures } from "./figures.ts";

const reply = (time: number, sequence: number) =>
  `[${time.toFixed(6)}] 64 bytes from 10.1.2.2: icmp_seq=${sequence} ttl=63 time=0.1 ms`;

Deno.test("ping's figures count what is missing before the last reply, and the longest gap", () => {
  const text = [
    "PING 10.1.2.2 (10.1.2.2) 56(84) bytes of data.",
    reply(1.00, 1),
    reply(1.01, 2),
    reply(1.05, 5),
    reply(1.06, 6),
    "7 packets transmitted, 4 received",
  ].join("\n");
  assert.deepEqual(pingFigures(text), { sent: 6, lost: 2, gap: 40 });
});

Deno.test("ping's figures are zero when there was no reply", () => {
  assert.deepEqual(pingFigures("PING"), { sent: 0, lost: 0, gap: 0 });
});

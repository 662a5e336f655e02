import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { Framing } from "./framing.ts";
import { echoReply, hello, makeMessage, offersVersion, Type, typeOf, xidOf } from "./message.ts";

const message = fc.record({
  type: fc.nat(255),
  xid: fc.nat(0xffffffff),
  body: fc.uint8Array({ maxLength: 100 }),
}).map(({ type, xid, body }) => makeMessage(type, xid, body));

/** The bytes in pieces, cut at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length];
  let from = 0;
  return ends.sort((a, b) => a - b).map((end) => bytes.subarray(from, from = end));
}

Deno.test("framing finds the same messages however their bytes are cut", () => {
  fc.assert(fc.property(fc.array(message), fc.array(fc.nat()), (messages, places) => {
    const bytes = new Uint8Array(messages.flatMap((each) => [...each]));
    const framing = new Framing();
    deepEqual(cut(bytes, places).flatMap((piece) => framing.push(piece)), messages);
  }));
});

Deno.test("framing survives any bytes: whole messages, or a refusal", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (chunks) => {
    const framing = new Framing();
    let bytes = 0;
    try {
      for (const each of chunks.flatMap((chunk) => framing.push(chunk))) {
        ok(each.length >= 8);
        equal(new DataView(each.buffer).getUint16(2), each.length);
        bytes += each.length;
      }
    } catch (error) {
      ok(error instanceof RangeError);
    }
    ok(bytes <= chunks.reduce((sum, { length }) => sum + length, 0));
  }));
});

Deno.test("framing takes the longest message and refuses one that is shorter than its header", () => {
  const longest = makeMessage(Type.ECHO_REQUEST, 1, new Uint8Array(0xffff - 8));
  deepEqual(new Framing().push(longest), [longest]);
  const impossible = makeMessage(0, 1, new Uint8Array()).fill(0, 2, 4);
  throws(() => new Framing().push(impossible), /an OpenFlow message of 0 bytes/);
});

Deno.test("hello is understood by the version bitmap, or by the header when there is none", () => {
  const version = (number: number, body: readonly number[]) => {
    const bytes = makeMessage(Type.HELLO, 1, new Uint8Array(body));
    bytes[0] = number;
    return bytes;
  };
  ok(offersVersion(hello(1)));
  for (
    const [number, body, offered] of [
      [6, [], true],
      [7, [], true],
      [5, [], false],
      [7, [0, 1, 0, 8, 0, 0, 0, 0x20], false],
      [7, [0, 1, 0, 8, 0, 0, 0, 0x60], true],
      [6, [0, 9, 0, 4, 0, 0, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0x10], false],
      [6, [0, 9, 0, 0, 0, 0, 0, 0], true],
    ] as const
  ) equal(offersVersion(version(number, body)), offered, `version ${number}, elements ${body}`);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (body) => {
    offersVersion(makeMessage(Type.HELLO, 1, body));
  }));
});

Deno.test("echo is answered with its own transaction id and body", () => {
  fc.assert(fc.property(message, (request) => {
    const reply = echoReply(request);
    equal(typeOf(reply), Type.ECHO_REPLY);
    equal(xidOf(reply), xidOf(request));
    deepEqual(reply.subarray(8), request.subarray(8));
  }));
});

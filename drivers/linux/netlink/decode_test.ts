import { strict as assert } from "node:assert";
import fc from "fast-check";
import { decodeAddress } from "../address.ts";
import { LinkTracker } from "../events.ts";
import { decodeLink } from "../link.ts";
import { decodeDefaultRoute } from "../route.ts";
import { acknowledgement, attributes, messages, textOf, u32Of } from "./decode.ts";
import { MessageBuilder } from "./message.ts";

Deno.test("decoder gives back what the builder wrote", () => {
  const attribute = fc.record({
    type: fc.integer({ min: 1, max: 0x3fff }),
    value: fc.uint8Array({ maxLength: 60 }),
  });
  const batch = fc.array(fc.uniqueArray(attribute, { selector: (it) => it.type, maxLength: 6 }), {
    maxLength: 5,
  });
  fc.assert(fc.property(batch, (wanted) => {
    const builder = new MessageBuilder();
    for (const [at, list] of wanted.entries()) {
      builder.add(at + 16, 0, at, (message) => {
        for (const { type, value } of list) message.attribute(type, value);
      });
    }
    const found = [...messages(builder.bytes)];
    assert.deepEqual(
      found.map(({ type, sequence }) => [type, sequence]),
      wanted.map((_, at) => [at + 16, at]),
    );
    for (const [at, list] of wanted.entries()) {
      const read = attributes(found[at]?.payload ?? new Uint8Array());
      assert.equal(read.size, list.length);
      for (const { type, value } of list) assert.deepEqual([...read.get(type) ?? []], [...value]);
    }
  }));
});

/** Random bytes, and well-formed messages with some bytes changed or cut off. */
const hostileDatagram = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.record({
    payload: fc.uint8Array({ maxLength: 120 }),
    type: fc.constantFrom(2, 3, 16, 17, 20, 24),
    flags: fc.integer({ min: 0, max: 0xffff }),
    cut: fc.nat(40),
    at: fc.nat(140),
    byte: fc.nat(255),
  }).map(({ payload, type, flags, cut, at, byte }) => {
    const builder = new MessageBuilder();
    builder.add(type, flags, 1, (message) => message.raw(payload));
    const bytes = builder.bytes.slice(0, Math.max(0, builder.bytes.length - cut));
    if (at < bytes.length) bytes[at] = byte;
    return bytes;
  }),
);

Deno.test("decoder survives any bytes", () => {
  fc.assert(
    fc.property(hostileDatagram, (datagram) => {
      const tracker = new LinkTracker();
      for (const message of messages(datagram)) {
        tracker.events(message);
        acknowledgement(message, true);
        acknowledgement(message, false);
        decodeLink(message.payload);
        decodeAddress(message.payload);
        decodeDefaultRoute(message.payload);
        for (const value of attributes(message.payload, 16).values()) {
          textOf(value);
          u32Of(value);
          attributes(value);
        }
      }
    }),
    { numRuns: 2000 },
  );
});

const bytes = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""));

Deno.test("acknowledgement carries errno and the kernel's words, with and without the request in it", () => {
  const words = "0e000100" + "6e6f7420746f64617900" + "0000";
  const request = "14000000 1000 0500 07000000 00000000";
  const message = (flags: number, payload: string) => ({
    type: 2,
    flags,
    sequence: 7,
    payload: bytes(payload),
  });
  const expected = { errno: 17, text: "not today" };
  assert.deepEqual(acknowledgement(message(0x300, "efffffff" + request + words), true), expected);
  assert.deepEqual(
    acknowledgement(message(0x200, "efffffff" + request + "aabbccdd" + words), true),
    expected,
  );
  assert.deepEqual(acknowledgement(message(0x200, "efffffff" + words), false), expected);
  assert.deepEqual(acknowledgement(message(0x100, "00000000" + request), true), {
    errno: 0,
    text: "",
  });
});

Deno.test("link is decoded when the kernel reports a veth end", () => {
  const link = "0000 0100 05000000 03100000 00000000" + // ifinfomsg: index 5, IFF_UP
    "0c000300 76767031 00000000" + "08000400 aa050000" + "08000500 04000000" +
    "0a000100 02020a010203 0000" + "08001b00 17040c00" + "09001400 61626364 65000000" +
    "10001200 09000100 76657468 00000000" + "08002500 00000000";
  assert.deepEqual(decodeLink(bytes(link)), {
    index: 5,
    name: "vvp1",
    mtu: 1450,
    up: true,
    group: 0xc0417,
    peerElsewhere: true,
    alias: "abcde",
    mac: "02:02:0a:01:02:03",
    kind: "veth",
    peerIndex: 4,
  });
});

Deno.test("link is passed over when it is a bridge's view of its port", () => {
  assert.equal(
    decodeLink(bytes("0700 0100 05000000 03100000 00000000 09000300 65746830 00000000")),
    undefined,
  );
});

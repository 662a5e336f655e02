import { strict as assert } from "node:assert";
import { MessageBuilder } from "./message.ts";

const hex = (bytes: Uint8Array) => bytes.toHex();

Deno.test("message builder writes header, fixed part and padded attributes when one message is added", () => {
  const builder = new MessageBuilder();
  builder.add(16, 0x400, 7, (message) => message.raw([1, 2, 3, 4]).text(3, "eth0").u8(9, 255));
  const length = "28000000";
  const header = "1000" + "0504" + "07000000" + "00000000";
  const name = "0900" + "0300" + "6574683000" + "000000";
  const byte = "0500" + "0900" + "ff" + "000000";
  assert.equal(hex(builder.bytes), length + header + "01020304" + name + byte);
});

Deno.test("message builder counts nested attributes into their parents' lengths", () => {
  const builder = new MessageBuilder();
  builder.add(1, 0, 1, (message) =>
    message.nested(18, (info) => {
      info.text(1, "veth");
      info.nested(2, (data) => data.u32(4, 1450));
    }));
  assert.equal(
    hex(builder.bytes.subarray(16)),
    "1c001200" + "09000100" + "7665746800000000" + "0c000200" + "08000400" + "aa050000",
  );
});

Deno.test("message builder leaves no trace of an earlier message when it is used again and grows", () => {
  const builder = new MessageBuilder();
  builder.add(1, 0, 1, (message) => message.attribute(1, new Uint8Array(3000).fill(0xff)));
  assert.equal(builder.bytes.length, 16 + 4 + 3000);
  builder.clear();
  assert.equal(builder.count, 0);
  builder.add(1, 0, 2, (message) => message.u8(1, 1));
  assert.equal(hex(builder.bytes.subarray(16)), "0500010001000000");
});

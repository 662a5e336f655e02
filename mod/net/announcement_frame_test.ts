import { equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { arpAnnouncement, internetChecksum, neighbourAnnouncement } from "./announcement_frame.ts";

const MAC = "02:02:0a:01:01:07";

Deno.test("arpAnnouncement asks all for the sender's own address", () => {
  equal(
    arpAnnouncement(MAC, "10.1.1.7").toHex(),
    "ffffffffffff" + "02020a010107" + "0806" + "0001" + "0800" + "06" + "04" + "0001" +
      "02020a010107" + "0a010107" + "000000000000" + "0a010107" + "00".repeat(18),
  );
});

Deno.test("neighbourAnnouncement tells all nodes the MAC of an address, from that address", () => {
  equal(
    neighbourAnnouncement(MAC, "2001:db8::7").toHex().replace(/(?<=^.{112}).{4}/, "cccc"),
    "333300000001" + "02020a010107" + "86dd" + "60000000" + "0020" + "3a" + "ff" +
      "20010db8000000000000000000000007" + "ff020000000000000000000000000001" +
      "8800" + "cccc" + "20000000" + "20010db8000000000000000000000007" + "0201" + "02020a010107",
  );
});

Deno.test("neighbourAnnouncement has a checksum that holds for any address and MAC", () => {
  const byte = fc.integer({ min: 0, max: 255 }).map((value) => value.toString(16).padStart(2, "0"));
  const mac = fc.array(byte, { minLength: 6, maxLength: 6 }).map((bytes) => bytes.join(":"));
  fc.assert(fc.property(mac, fc.integer({ min: 1, max: 0xffff }), (sender, last) => {
    const frame = [...neighbourAnnouncement(sender, `2001:db8::${last.toString(16)}`)];
    const pseudoHeader = [...frame.slice(22, 54), 0, 0, 0, 32, 0, 0, 0, 58];
    equal(internetChecksum([...pseudoHeader, ...frame.slice(54)]), 0);
  }));
});

Deno.test("frames are refused for what is no MAC or address of the family", () => {
  throws(() => arpAnnouncement("02:02", "10.1.1.7"), RangeError);
  throws(() => arpAnnouncement(MAC, "2001:db8::7"), RangeError);
  throws(() => neighbourAnnouncement(MAC, "10.1.1.7"), RangeError);
});

import assert from "node:assert/strict";
import { refusalOf } from "../intent/testing.ts";
import { parseEncapsulation, parseSelection, requestedMac } from "./options.ts";

const NONE = { tenant: "default", network: "", group: "", tag: "" };

const SELECTIONS: readonly (readonly [Record<string, unknown>, object])[] = [
  [{}, NONE],
  [{ tenant: "" }, NONE],
  [{ tenant: null, network: "n" }, { ...NONE, network: "n" }],
  [{ tenant: "t", network: "n", group: "g" }, { tenant: "t", network: "n", group: "g", tag: "" }],
  [{ "contiv-tag": "x" }, { ...NONE, tag: "x" }],
  [{ unrelated: 7 }, NONE],
];

for (const [options, expected] of SELECTIONS) {
  Deno.test(`parseSelection understands ${JSON.stringify(options)}`, () => {
    assert.deepEqual(parseSelection(options), expected);
  });
}

for (const options of [{ group: "g" }, { network: 7 }, { tenant: {} }, { "contiv-tag": ["x"] }]) {
  Deno.test(`parseSelection refuses ${JSON.stringify(options)}`, () => {
    assert.equal(refusalOf(() => parseSelection(options)).code, "invalid");
  });
}

Deno.test("parseEncapsulation takes vxlan and any tag unless told", () => {
  assert.deepEqual(parseEncapsulation({}), { encap: "vxlan", pktTag: 0 });
  assert.deepEqual(parseEncapsulation({ encap: "vlan", "pkt-tag": "12" }), {
    encap: "vlan",
    pktTag: 12,
  });
  for (const options of [{ encap: "gre" }, { "pkt-tag": "-1" }, { "pkt-tag": "1e3" }]) {
    assert.equal(refusalOf(() => parseEncapsulation(options)).code, "invalid");
  }
});

const OPTION = "com.docker.network.endpoint.macaddress";

Deno.test("requestedMac finds the user's MAC where each engine puts it", () => {
  const encoded = btoa("\x02\0\0\0\0\x07");
  assert.equal(requestedMac("", {}), undefined);
  assert.equal(requestedMac("", { [OPTION]: "" }), undefined);
  assert.equal(requestedMac("02:00:00:00:00:09", {}), "02:00:00:00:00:09");
  assert.equal(requestedMac("", { [OPTION]: encoded }), "02:00:00:00:00:07");
  assert.equal(requestedMac("02-00-00-00-00-09", { [OPTION]: encoded }), "02:00:00:00:00:09");
});

for (
  const [given, encoded] of [
    ["01:00:5e:00:00:01", ""],
    ["ff:ff:ff:ff:ff:ff", ""],
    ["nonsense", ""],
    ["", "%%%"],
    ["", btoa("\x02\0")],
  ] as const
) {
  Deno.test(`requestedMac refuses ${given || encoded}`, () => {
    const refusal = refusalOf(() => requestedMac(given, { [OPTION]: encoded }));
    assert.equal(refusal.code, "invalid");
  });
}

import { deepEqual } from "node:assert/strict";
import type { Decoded } from "./codec.ts";
import { type DecodedJson, fromJson } from "./decoded_json.ts";

Deno.test("decoded message becomes data by its members", () => {
  const status = { reason: "add", name: "v7", number: 7, up: true } as const;
  const table: [DecodedJson, Decoded][] = [
    [{ type: "OFPT_BARRIER_REPLY" }, { kind: "other", type: "OFPT_BARRIER_REPLY" }],
    [{ type: "INVALID", error: "OFPBRC_BAD_LEN" }, { kind: "invalid", reason: "OFPBRC_BAD_LEN" }],
    [{ type: "OFPT_ERROR", error: "OFPBRC_EPERM", description: "No." }, {
      kind: "error",
      name: "OFPBRC_EPERM",
      description: "No.",
    }],
    [{ type: "", more: true, flows: [] }, { kind: "flows", more: true, flows: [] }],
    [{ type: "", more: false, groups: [] }, { kind: "groups", more: false, groups: [] }],
    [{ type: "", more: false, meters: ["meter=1 kbps bands=\ntype=drop rate=2\n"] }, {
      kind: "meters",
      more: false,
      meters: [{ id: 1, text: "meter=1,kbps,band=type=drop,rate=2" }],
    }],
    [
      {
        type: "",
        more: false,
        ports: [{ number: 1, received: ["18446744073709551614", "0", null, "3"], sent: [] }],
      },
      {
        kind: "port-statistics",
        more: false,
        ports: [{
          number: 1,
          received: { packets: 18446744073709551614n, bytes: 0n, errors: 3n },
          sent: {},
        }],
      },
    ],
    [{ type: "OFPT_PORT_STATUS", status }, { kind: "port-status", status }],
  ];
  for (const [said, decoded] of table) deepEqual(fromJson(said), decoded);
});

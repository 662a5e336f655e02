import { deepEqual, equal, match } from "node:assert/strict";
import { explainFailure, normalisation, parseFlows } from "./ofctl_output.ts";

const lines = [
  "flow add cookie=0xc047100000000001,table=0,priority=5,ip actions=drop",
  "flow add cookie=0xc047100000000002,table=0,priority=6,ip actions=group:77",
];

Deno.test("ofctl output gives table and cookie of each dumped flow", () => {
  const text = ` cookie=0xc047100000000001, priority=6,ip actions=drop
 cookie=0xc047100000000011, table=10, priority=6,ip,nw_src=10.1.1.1 actions=resubmit(,12)
 cookie=0x47, table=3, actions=NORMAL
`;
  deepEqual(parseFlows(text), [
    { cookie: "0xc047100000000001", table: 0 },
    { cookie: "0xc047100000000011", table: 10 },
    { cookie: "0x0000000000000047", table: 3 },
  ]);
  deepEqual(parseFlows(""), []);
});

Deno.test("ofctl output names the flow that was refused, or says that the switch is not there", () => {
  const table: [stderr: string, code: string, message: RegExp][] = [
    ["ovs-ofctl: -:2: unknown keyword foo\n", "flow-refused", /priority=6,ip.*unknown keyword foo/],
    [
      "Error OFPBAC_BAD_OUT_GROUP for: OFPT_FLOW_MOD (OF1.5) (xid=0x7): ADD priority=6,ip cookie:0xc047100000000002 actions=group:77\n",
      "flow-refused",
      /priority=6,ip actions=group:77": OFPBAC_BAD_OUT_GROUP/,
    ],
    ["Error OFPBFC_MSG_FAILED for: OFPT_BUNDLE_CONTROL\n", "flow-refused", /a flow: Error OFPBFC/],
    [
      "ovs-ofctl: connecting to unix:/x.mgmt (Connection refused)\n",
      "unavailable",
      /ovs-vsctl show/,
    ],
    ["", "unavailable", /without a word/],
  ];
  for (const [stderr, code, message] of table) {
    const error = explainFailure(stderr, lines);
    equal(error.code, code);
    match(error.message, message);
  }
});

Deno.test("ofctl output tells that a match was weakened", () => {
  const stderr =
    `2026-11-21T05:42:49Z|00001|ofp_match|INFO|normalization changed ofp_match, details:
2026-11-21T05:42:49Z|00002|ofp_match|INFO| pre: ip,tp_dst=5
2026-11-21T05:42:49Z|00003|ofp_match|INFO|post: ip
`;
  equal(
    normalisation(stderr),
    "normalization changed ofp_match, details:; pre: ip,tp_dst=5; post: ip",
  );
  equal(normalisation(""), undefined);
});

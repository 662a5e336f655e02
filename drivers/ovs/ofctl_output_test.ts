import { deepEqual, equal, match } from "node:assert/strict";
import {
  explainFailure,
  normalisation,
  parseFlows,
  parseGroups,
  parseMeters,
} from "./ofctl_output.ts";

const lines = [
  "group add_or_mod group_id=7,type=all,bucket=bucket_id:5,actions=output:1",
  "group add_or_mod group_id=77,type=all",
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
    ["ovs-ofctl: -:4: unknown keyword foo\n", "flow-refused", /priority=6,ip.*unknown keyword foo/],
    [
      "Error OFPBAC_BAD_OUT_GROUP for: OFPT_FLOW_MOD (OF1.5) (xid=0x7): ADD priority=6,ip cookie:0xc047100000000002 actions=group:77\n",
      "flow-refused",
      /priority=6,ip actions=group:77": OFPBAC_BAD_OUT_GROUP/,
    ],
    [
      "Error OFPGMFC_GROUP_EXISTS for: OFPT_GROUP_MOD (OF1.5) (xid=0x6):\n ADD group_id=7,type=all,bucket=bucket_id:5,actions=output:1\nError OFPBFC_MSG_FAILED for: OFPT_BUNDLE_CONTROL (OF1.5) (xid=0x9):\n",
      "flow-refused",
      /group_id=7,type=all,bucket.*OFPGMFC_GROUP_EXISTS/,
    ],
    ["Error OFPBFC_MSG_FAILED for: OFPT_BUNDLE_CONTROL\n", "flow-refused", /a line.*OFPBFC/],
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

Deno.test("ofctl output gives the buckets of each group in order, and meters in the form that is read", () => {
  deepEqual(
    parseGroups(`OFPST_GROUP_DESC reply (OF1.5) (xid=0x2):
 group_id=7,type=all,bucket=bucket_id:5,actions=set_field:10.0.0.2->tun_dst,output:1,bucket=bucket_id:4,actions=output:2
 group_id=8,type=select
`),
    [{ id: 7, type: "all", buckets: [5, 4] }, { id: 8, type: "select", buckets: [] }],
  );
  deepEqual(
    parseMeters(`OFPST_METER_CONFIG reply (OF1.5) (xid=0x2):
meter=7 kbps burst bands=
type=drop rate=1000 burst_size=200

meter=9 kbps bands=
type=drop rate=10
type=dscp_remark rate=20 prec_level=1
`),
    [
      { id: 7, text: "meter=7,kbps,burst,band=type=drop,rate=1000,burst_size=200" },
      {
        id: 9,
        text: "meter=9,kbps,band=type=drop,rate=10,band=type=dscp_remark,rate=20,prec_level=1",
      },
    ],
  );
});

Deno.test("ofctl output names the one line of a meter or packet that was refused", () => {
  const meter = "meter add meter=7,kbps,band=type=drop,rate=1";
  const exists = `OFPT_ERROR (OF1.5) (xid=0x2): OFPMMFC_METER_EXISTS
OFPT_METER_MOD (OF1.5) (xid=0x2): ADD meter=7 kbps bands=
`;
  match(explainFailure(exists, [meter]).message, /"meter add meter=7.*OFPMMFC_METER_EXISTS/);
  const syntax = "ovs-ofctl: field type unknown value sink\n";
  match(explainFailure(syntax, [meter]).message, /"meter add meter=7.*unknown value sink/);
  const packets = ["a=1", "a=2"].map((tail) => `packet-out in_port=1,packet=00,actions=${tail}`);
  const refusal = "Error OFPBAC_BAD_OUT_GROUP for: OFPT_PACKET_OUT (OF1.5) (xid=0x6): " +
    "in_port=CONTROLLER actions=a=1 data_len=18\nip,vlan_tci=0x0000\n";
  const error = explainFailure(refusal, packets, "packet-refused");
  equal(error.code, "packet-refused");
  match(error.message, /actions=a=1": OFPBAC_BAD_OUT_GROUP/);
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

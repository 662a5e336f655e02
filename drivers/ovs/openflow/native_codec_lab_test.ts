import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import fc from "fast-check";
import { builtLibrary } from "../native/testing/built.ts";
import { LineError } from "./codec.ts";
import { Framing } from "./framing.ts";
import { makeMessage, typeOf, xidOf } from "./message.ts";
import { openNativeCodec } from "./native_codec.ts";

const BUNDLE_ADD = 34;
const library = await builtLibrary();

const codec = openNativeCodec(library);

Deno.test("native codec makes one message a line, with the transaction ids in order", () => {
  match(codec.description, /^libopenvswitch \d+\.\d+/);
  // Large enough that the buffers must grow.
  const lines = Array.from({ length: 5_000 }, (_, index) => {
    return `flow add table=1,priority=${index},ip,nw_src=10.0.0.1,actions=drop`;
  });
  const messages = new Framing().push(codec.encodeLines(lines, 100, 7));
  deepEqual(messages.map(xidOf), lines.map((_, index) => 100 + index));
  equal(messages.every((message) => typeOf(message) === BUNDLE_ADD), true);
});

Deno.test("native codec refuses a line with its number and the reason", () => {
  const good = "flow add table=1,ip,actions=drop";
  for (
    const [bad, reason] of [
      ["flow add nw_sauce=1,actions=drop", /unknown keyword nw_sauce/],
      ["flow add ip,tp_dst=5,actions=drop", /"ip,tp_dst=5" only "ip" would be left/],
      ["flow add nw_src=10.0.0.1,actions=drop", /only "" would be left/],
      ["flow add table=1,ip", /must specify an action/],
      ["flow replace ip,actions=drop", /./],
      ["table mod 1", /does not begin with "flow ", "group "/],
      ["meter add meter=1,kbps,band=type=drop,rate=1", /no bundles of it/],
      ["group add group_id=1", /must specify a type/],
      ["group add group_id=1,type=ff,bucket=output:1", /type is not all, select or indirect/],
      ["group add group_id=1,type=all,bucket=weight:2,actions=drop", /bucket weights/],
      ["group add group_id=1,type=all,bucket=bucket_id:1,drop,bucket=bucket_id:1,drop", /./],
      ["group add group_id=1,type=all,bucket=output:1,frobnicate", /frobnicate/],
      ["group d group_id=1", /does not begin with add/],
      ["group delete", /does not begin with add/],
      ["group delete group_id=all", /not one group/],
      ["group insert_bucket group_id=1,command_bucket_id=last,bucket=drop", /does not begin/],
      [
        `group add group_id=1,type=all${",bucket=output:1".repeat(4_001)}`,
        /more than 4000 buckets|fit in one message/,
      ],
      [`group add group_id=1,type=all${",bucket=output:1".repeat(3_000)}`, /fit in one message/],
      ["packet-out in_port=1,packet=00,packet=00,actions=drop", /it is not in_port/],
      ["packet-out in_port=1,packet=0x00,actions=drop", /it is not in_port/],
      ["packet-out in_port=1,packet=0,actions=drop", /packet/],
      [
        `packet-out in_port=FLOOD,packet=${"00".repeat(14)},actions=drop`,
        /not a valid OpenFlow port/,
      ],
      ["", /does not begin/],
      [`${good} # why`, /comment/],
      [`flow add actions=${"1,".repeat(2_000)}1`, /more actions than fit/],
      [`flow add actions=clone(${"1,".repeat(5_000)}1)`, /more than 8000 bytes/],
      [`flow add ${" ".repeat(70_000)}`, /more than 65535 bytes/],
    ] as const
  ) {
    throws(() => codec.encodeLines([good, bad, good], 1, 1), (error) => {
      match(error instanceof LineError ? error.reason : String(error), reason);
      return error instanceof LineError && error.line === 1;
    });
  }
  throws(() => codec.encodeLines([`${good}\n${good}`], 1, 1), /holds a line break/);
});

Deno.test("native codec makes messages of groups, packets and meters", () => {
  const lines = [
    "group add_or_mod group_id=7,type=select,bucket=bucket_id:5,weight:3,actions=output:1",
    "group add_or_mod group_id=8,type=all",
    "group delete group_id=7",
    "packet-out in_port=controller,packet=0001020304050607080910111213,actions=output:1",
  ];
  const meters = [
    "meter add meter=7,kbps,burst,band=type=drop,rate=1000,burst_size=200",
    "meter modify meter=7,kbps,band=type=drop,rate=1000",
    "meter delete meter=7",
  ];
  const messages = new Framing().push(codec.encodeLines([...lines, ...meters], 100, 0));
  deepEqual(messages.map(typeOf), [15, 15, 15, 13, 29, 29, 29]);
  deepEqual(messages.map(xidOf), messages.map((_, index) => 100 + index));
  for (
    const [bad, reason] of [
      ["meter add meter=1,kbps,band=type=drop", /must have 'rate'/],
      ["meter delete meter=all", /not one meter/],
      ["meter delete", /does not begin/],
      [`meter add meter=1,kbps,band=${"type=drop,rate=1,".repeat(101)}`, /more than 100 bands/],
    ] as const
  ) throws(() => codec.encodeLines([bad], 1, 0), reason);
});

Deno.test("native codec decodes what it encodes, and says of anything else that it is invalid", () => {
  deepEqual(codec.decode(codec.encodeBarrier(5)), {
    kind: "other",
    type: "OFPT_BARRIER_REQUEST",
  });
  equal(codec.decode(makeMessage(99, 1, new Uint8Array())).kind, "invalid");
  fc.assert(fc.property(fc.nat(255), fc.uint8Array({ maxLength: 300 }), (type, body) => {
    codec.decode(makeMessage(type, 1, body));
  }));
});

Deno.test("native codec leaves the process's signals alone", async () => {
  const script = `
      import { openNativeCodec } from ${JSON.stringify(import.meta.resolve("./native_codec.ts"))};
      const signals = () => Deno.readTextFileSync("/proc/self/status").match(/^Sig(Blk|Ign|Cgt).*$/gm).join();
      const before = signals();
      const codec = openNativeCodec(${JSON.stringify(library)});
      codec.encodeLines(["flow add actions=drop"], 1, 1);
      codec.decode(codec.encodeFlowDump(1, 0n, 0n));
      console.log(signals() === before);`;
  const args = ["eval", "--quiet", script];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, stdin: "null" }).output();
  equal(new TextDecoder().decode(stdout).trim(), "true");
});

Deno.test("native codec is refused when the file is no library of ours", async () => {
  throws(() => openNativeCodec("/nonexistent/libcontivovs.so"));
  const file = await Deno.makeTempFile({ suffix: ".so" });
  await rejects(Promise.resolve().then(() => openNativeCodec(file)));
  await Deno.remove(file);
});

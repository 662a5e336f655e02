/**
 * What every FlowProgrammer promises of groups, meters and packets, as tests against a real switch, through the FlowControl that the
 * driver uses.
 * @module
 */
import { deepEqual, equal, rejects } from "node:assert/strict";
import type { FlowChange, PipelineContent } from "../../../mod/agent/switch.ts";
import type { Flow } from "../../../mod/pipeline/flow.ts";
import type { Bucket, Group } from "../../../mod/pipeline/group.ts";
import type { Meter } from "../../../mod/pipeline/meter.ts";
import { FlowControl } from "../flow_control.ts";
import type { FlowProgrammer } from "../flow_programmer.ts";
import { dropFlow, type Lab, never, openLab, veth } from "./open_lab.ts";
import { waitUntil } from "./private_ovs.ts";

interface Subject {
  readonly lab: Lab;
  readonly programmer: FlowProgrammer;
  apply(change: Partial<FlowChange>): Promise<void>;
  reconcile(desired: Partial<PipelineContent>): Promise<string>;
  /** As `ovs-ofctl` shows them, without the numbers of buckets; what comes after the first line. */
  show(what: "dump-groups" | "dump-meters" | "dump-flows"): Promise<string[]>;
  readonly control: FlowControl;
}

/** Registers the tests. */
export function testPipelineProgrammer(
  name: string,
  make: (socket: string) => FlowProgrammer,
): void {
  const test = (promise: string, work: (subject: Subject) => Promise<void>) =>
    Deno.test(`${name} ${promise}`, () => withSubject(make, work));
  test("sets, replaces and removes groups, with the flows that use them", testGroups);
  test(
    "applies nothing of a bundle when a group is refused or missing, and names it",
    testRefusals,
  );
  test("takes a group of a thousand buckets, and refuses one that fits in no message", testLarge);
  test(
    "sets, replaces and removes meters, and puts them back when the bundle is refused",
    testMeters,
  );
  test(
    "compares groups and meters with what is installed, and applies the difference",
    testMending,
  );
  test("sends packets, and names one that is refused", testPackets);
}

const bucket = (...actions: string[]): Bucket => ({ actions });
const tunnel = (address: string): Bucket =>
  bucket("set_field:0x2a->tun_id", `set_field:${address}->tun_dst`, "output:7");
const flood: Group = {
  id: 16_777_217,
  type: "all",
  buckets: [tunnel("10.1.0.2"), bucket("output:8")],
};
const service: Group = {
  id: 33_554_433,
  type: "select",
  buckets: ["10.0.0.1", "10.0.0.2"].map((address, index) => ({
    weight: index + 1,
    actions: [`ct(commit,table=5,nat(dst=${address}:80))`],
  })),
};
const single: Group = { id: 3, type: "indirect", buckets: [bucket("output:9")] };
const using = ({ id }: Group): Flow => ({ ...dropFlow("10.9.0.1"), actions: [`group:${id}`] });

async function testGroups({ apply, show }: Subject): Promise<void> {
  await apply({ setGroups: [flood, service, single], add: [using(flood)] });
  const service1 = "actions=ct(commit,table=5,nat(dst=10.0.0.1:80))";
  const service2 = "weight:2,actions=ct(commit,table=5,nat(dst=10.0.0.2:80))";
  const rest = [
    `group_id=${service.id},type=select,bucket=${service1},bucket=${service2}`,
    "group_id=3,type=indirect,bucket=actions=output:9",
  ];
  const to = (address: string) =>
    `bucket=actions=set_field:0x2a->tun_id,set_field:${address}->tun_dst,output:7`;
  const whole = `group_id=${flood.id},type=all,${to("10.1.0.2")},bucket=actions=output:8`;
  deepEqual((await show("dump-groups")).sort(), [whole, ...rest].sort());
  const other = { ...flood, buckets: [bucket("output:8"), tunnel("10.1.0.3"), bucket()] };
  await apply({ setGroups: [other] });
  const replaced = `group_id=${flood.id},type=all,bucket=actions=output:8,${to("10.1.0.3")}`;
  deepEqual(
    (await show("dump-groups")).sort(),
    [`${replaced},bucket=actions=drop`, ...rest].sort(),
  );
  equal((await show("dump-flows")).length, 1, "the flow that uses it stays");
  // A group that is named twice is there afterwards; one that goes takes its flows along, so they are named first.
  await apply({ setGroups: [single], removeGroups: [single.id, service.id, 99] });
  equal((await show("dump-groups")).length, 2);
  await apply({ remove: [using(flood)], removeGroups: [flood.id, single.id] });
  deepEqual([await show("dump-groups"), await show("dump-flows")], [[], []]);
}

async function testRefusals({ apply, show }: Subject): Promise<void> {
  await apply({ setGroups: [single], add: [using(single)] });
  const before = [await show("dump-groups"), await show("dump-flows")];
  const changed = { ...single, buckets: [bucket("output:10")] };
  for (
    const [change, message] of [
      [{ add: [using(flood)] }, /group:16777217": OFPBAC_BAD_OUT_GROUP/],
      [{ add: [{ ...using(flood), table: 254 }], setGroups: [flood] }, /table=254.*OFPBRC_EPERM/],
      [
        { setGroups: [{ ...flood, buckets: [bucket("frobnicate")] }] },
        /group_id=16777217.*frobnicate/,
      ],
      [
        { setGroups: [{ ...single, buckets: [bucket(), bucket()] }] },
        /group_id=3,.*at most one bucket/,
      ],
      [{ setGroups: [{ ...flood, id: 4_294_967_041 }] }, /group_id=4294967041,.*invalid group id/],
    ] as const
  ) {
    const { setGroups = [], add = [] }: Partial<FlowChange> = change;
    await rejects(apply({ setGroups: [changed, ...setGroups], add }), {
      code: "flow-refused",
      message,
    });
    deepEqual([await show("dump-groups"), await show("dump-flows")], before);
  }
}

async function testLarge({ apply, reconcile, show, programmer }: Subject): Promise<void> {
  const buckets = Array.from(
    { length: 1_000 },
    (_, n) => bucket(`set_field:10.1.${n >> 8}.${n & 255}->tun_dst`, "output:7"),
  );
  const large = { ...flood, buckets };
  await apply({ setGroups: [large], add: [using(large)] });
  const { groups } = await programmer.dump();
  equal(groups[0]?.buckets.length, 1_000);
  equal(await reconcile({ flows: [using(large)], groups: [large] }), "");
  const before = await show("dump-groups");
  const tooLarge = { ...flood, buckets: [...buckets, ...buckets] };
  await rejects(apply({ setGroups: [tooLarge] }), {
    code: "flow-refused",
    message: /group_id=16777217,.* … /,
  });
  deepEqual(await show("dump-groups"), before);
}

const meter = (id: number, rate: number): Meter => ({ id, rate, burst: 200 });
const shown = (
  { id, rate }: Meter,
) => [`meter=${id} kbps burst bands=`, `type=drop rate=${rate} burst_size=200`];

async function testMeters({ apply, show }: Subject): Promise<void> {
  const metered = { ...dropFlow("10.9.0.2"), actions: ["meter:7", "goto_table:20"] };
  await apply({ setMeters: [meter(7, 1_000)], add: [metered] });
  deepEqual(await show("dump-meters"), shown(meter(7, 1_000)));
  await apply({ setMeters: [meter(7, 2_000)] });
  deepEqual(await show("dump-meters"), shown(meter(7, 2_000)));
  equal((await show("dump-flows")).length, 1, "the flow that uses it stays");
  await rejects(apply({ setMeters: [meter(7, 3_000), meter(8, 1)], add: [using(flood)] }), {
    code: "flow-refused",
    message: /group:16777217": OFPBAC_BAD_OUT_GROUP/,
  });
  deepEqual(await show("dump-meters"), shown(meter(7, 2_000)));
  await rejects(apply({ setMeters: [meter(7, 3_000), meter(9, 0)] }), {
    code: "flow-refused",
    message: /meter=9,.*rate/,
  });
  deepEqual(await show("dump-meters"), shown(meter(7, 2_000)));
  // Together in one bundle first, then each alone: only the guilty call fails, and its meter is as before.
  const calls = [
    apply({ setMeters: [meter(7, 4_000)], add: [using(flood)] }),
    apply({ setMeters: [meter(8, 1)] }),
    apply({ remove: [metered] }),
  ];
  const settled = await Promise.allSettled(calls);
  deepEqual(settled.map(({ status }) => status), ["rejected", "fulfilled", "fulfilled"]);
  deepEqual(
    (await show("dump-meters")).sort(),
    [...shown(meter(7, 2_000)), ...shown(meter(8, 1))].sort(),
  );
  await apply({ remove: [metered], removeMeters: [7, 8, 9] });
  deepEqual([await show("dump-meters"), await show("dump-flows")], [[], []]);
}

async function testMending({ reconcile, show, lab }: Subject): Promise<void> {
  const flows = [using(flood)];
  const desired = { flows, groups: [flood, service, single], meters: [meter(7, 1), meter(8, 1)] };
  equal(await reconcile(desired), "flows +1, groups +3, meters +2");
  equal(await reconcile(desired), "");
  await lab.ovs.ofctl("add-group", "contiv0", "group_id=77,type=all");
  await lab.ovs.ofctl("mod-group", "contiv0", "group_id=3,type=all,bucket=output:9");
  await lab.ovs.ofctl("del-meter", "contiv0", "meter=8");
  await lab.ovs.ofctl("mod-meter", "contiv0", "meter=7,pktps,band=type=drop,rate=1");
  await lab.ovs.ofctl("add-meter", "contiv0", "meter=9,kbps,band=type=drop,rate=1");
  equal(await reconcile(desired), "groups +1, groups -1, meters +2, meters -1");
  equal(await reconcile(desired), "");
  const turned = { ...flood, buckets: flood.buckets.toReversed() };
  equal(await reconcile({ ...desired, groups: [turned, single] }), "groups +1, groups -1");
  equal(await reconcile({}), "flows -1, groups -2, meters -2");
  deepEqual([await show("dump-groups"), await show("dump-meters"), await show("dump-flows")], [
    [],
    [],
    [],
  ]);
}

/** Ethernet and IPv4 from 10.0.0.1 to 10.0.0.9, protocol 253. */
const frame = Uint8Array.fromHex(
  "020000000002" + "020000000001" + "0800" + "450000140000000040fd66d20a0000010a000009",
);

async function testPackets({ control, lab, apply, show }: Subject): Promise<void> {
  await lab.links("cva");
  await lab.ovs.exec("ip", "link", "set", "cva", "up");
  await lab.ovs.exec("ip", "link", "set", "cvap", "up");
  await lab.driver.applyPorts([veth("cva", 1), veth("cvap", 2)], [], never);
  await apply({
    add: [{ ...dropFlow("10.0.0.1", 0), match: ["ip", "in_port=2", "nw_src=10.0.0.1"] }],
  });
  const longest = new Uint8Array(1_514);
  longest.set(frame);
  const out = (bytes: Uint8Array<ArrayBuffer>, ...actions: string[]) =>
    ({ frame: bytes, inPort: "controller", actions }) as const;
  await control.send([], never);
  await control.send([out(frame, "output:1"), out(longest, "output:1")], never);
  await waitUntil(
    "both packets came out of port 1 and in by port 2",
    async () => (await show("dump-flows")).join().includes("n_packets=2,"),
  );
  for (
    const [packet, message] of [
      [out(new Uint8Array(1_515), "output:1"), /1515 bytes.*14 to 1514/],
      [out(new Uint8Array(13), "output:1"), /13 bytes/],
      [out(frame, "frobnicate"), /actions=frobnicate.*frobnicate/],
      [out(frame, "group:99"), /actions=group:99": OFPBAC_BAD_OUT_GROUP/],
    ] as const
  ) {
    const sending = control.send([out(longest, "output:1"), packet], never);
    await rejects(sending, { code: "packet-refused", message });
  }
}

async function withSubject(
  make: (socket: string) => FlowProgrammer,
  work: (subject: Subject) => Promise<void>,
): Promise<void> {
  await using lab = await openLab();
  await lab.driver.start(never);
  const programmer = make(`${lab.ovs.directory}/contiv0.mgmt`);
  const control = new FlowControl(programmer);
  try {
    await work({
      lab,
      programmer,
      control,
      apply: (change) => control.apply({ add: [], remove: [], ...change }, never),
      reconcile: async (desired) => {
        const content = { flows: [], groups: [], meters: [], ...desired };
        const kinds = Object.entries(await control.reconcile(content, never));
        return kinds.flatMap(([kind, { set, removed }]) => [
          ...(set ? [`${kind} +${set}`] : []),
          ...(removed ? [`${kind} -${removed}`] : []),
        ]).join(", ");
      },
      show: async (what) => {
        const text = await lab.ovs.ofctl("-O", "OpenFlow15", what, "contiv0");
        return text.split("\n").map((line) =>
          line.trim().replace(/bucket_id:\d+,|duration=[\d.]+s, |idle_age=\d+, /g, "")
        )
          .filter((line) => line !== "" && !line.startsWith("OFPST"));
      },
    });
  } finally {
    await programmer.close();
  }
}

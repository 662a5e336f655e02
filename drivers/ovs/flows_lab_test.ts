import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import type { Switch } from "../../mod/agent/switch.ts";
import type { Flow } from "../../mod/pipeline/flow.ts";
import { addressOf, dropFlow, logged, never, openLab } from "./testing/open_lab.ts";
import { waitUntil } from "./testing/private_ovs.ts";

async function reconcileFlows(driver: Switch, flows: readonly Flow[]) {
  return (await driver.reconcilePipeline({ flows, groups: [], meters: [] }, never)).flows;
}

/** Table, match and actions of what is installed, without cookies. */
async function installed(ofctl: (...args: string[]) => Promise<string>): Promise<string[]> {
  const text = await ofctl("--no-names", "--no-stats", "dump-flows", "contiv0");
  return text.split("\n").filter((line) => line.trim() !== "")
    .map((line) => line.trim().replace(/cookie=0x[0-9a-f]+, /, "")).sort();
}

Deno.test("flows are applied, replaced with their counters kept, and removed", async () => {
  await using lab = await openLab();
  const { driver, ovs } = lab;
  const ofctl = ovs.ofctl.bind(ovs);
  await driver.start(never);
  await ofctl("add-flow", "contiv0", "table=10,priority=100,ip,nw_src=10.9.9.9,actions=drop");
  const [a, b] = [dropFlow("10.0.0.1", 0), dropFlow("10.0.0.2", 0)];
  await driver.applyFlows({ add: [a, b], remove: [] }, never);
  const packet = { frame: ipPacket, inPort: "controller", actions: ["table"] } as const;
  await driver.sendPackets([packet], never);
  const counted = () => ofctl("dump-flows", "contiv0", "table=0,ip,nw_src=10.0.0.1");
  await waitUntil("the packet is counted", async () => (await counted()).includes("n_packets=1,"));
  await driver.applyFlows({ add: [{ ...a, actions: ["goto_table:5"] }], remove: [a] }, never);
  match(await counted(), /n_packets=1,.*actions=goto_table:5/);
  await driver.applyFlows({ add: [], remove: [b, dropFlow("10.9.9.9")] }, never);
  deepEqual(await installed(ofctl), [
    "priority=100,ip,nw_src=10.0.0.1 actions=goto_table:5",
    "table=10, priority=100,ip,nw_src=10.9.9.9 actions=drop",
  ], "flows of others stay");
});

/** Ethernet and IPv4 from 10.0.0.1 to 10.0.0.9, protocol 253, no payload. */
const ipPacket = Uint8Array.fromHex(
  "020000000002" + "020000000001" + "0800" + "450000140000000040fd66d2" + "0a000001" + "0a000009",
);

Deno.test("flows are reconciled by the least change", async () => {
  await using lab = await openLab();
  const { driver, ovs } = lab;
  const ofctl = ovs.ofctl.bind(ovs);
  await driver.start(never);
  const flows = Array.from({ length: 50 }, (_, index) => dropFlow(addressOf(index)));
  await ofctl("add-flow", "contiv0", "cookie=0x77,table=3,actions=normal");
  deepEqual(await reconcileFlows(driver, flows), { set: 50, removed: 0 });
  deepEqual(await reconcileFlows(driver, flows), { set: 0, removed: 0 });
  const fresh = lab.open();
  await fresh.start(never);
  deepEqual(await reconcileFlows(fresh, flows), { set: 0, removed: 0 });
  const desired = [
    ...flows.slice(1),
    { ...flows[0], actions: ["goto_table:20"] },
    dropFlow("10.8.8.8"),
  ]
    .slice(5) as typeof flows;
  deepEqual(await reconcileFlows(driver, desired), { set: 2, removed: 6 });
  deepEqual(await reconcileFlows(driver, desired), { set: 0, removed: 0 });
  const now = await installed(ofctl);
  equal(now.length, desired.length + 1);
  ok(now.includes("table=3, actions=NORMAL"));
  await ovs.restartVswitchd();
  await lab.event("flows-lost");
  deepEqual(await reconcileFlows(driver, desired), { set: desired.length, removed: 0 });
});

Deno.test("flows that are refused are named, nothing of their call is applied, and other calls are", async () => {
  await using lab = await openLab();
  const { driver, ovs } = lab;
  await driver.start(never);
  const bad = { ...dropFlow("10.0.0.66"), actions: ["group:77"] };
  const unknown = { ...dropFlow("10.0.0.67"), match: ["ip", "nw_sauce=1"] };
  const calls = [
    driver.applyFlows({ add: [dropFlow("10.0.0.1")], remove: [] }, never),
    driver.applyFlows({ add: [dropFlow("10.0.0.2"), bad], remove: [] }, never),
    driver.applyFlows({ add: [dropFlow("10.0.0.3")], remove: [] }, never),
    driver.applyFlows({ add: [dropFlow("10.0.0.4"), unknown], remove: [] }, never),
  ];
  const settled = Promise.allSettled(calls);
  await rejects(calls[1] ?? settled, {
    code: "flow-refused",
    message: /10\.0\.0\.66.*BAD_OUT_GROUP/,
  });
  await rejects(calls[3] ?? settled, { code: "flow-refused", message: /nw_sauce=1.*unknown/ });
  deepEqual((await settled).map(({ status }) => status), [
    "fulfilled",
    "rejected",
    "fulfilled",
    "rejected",
  ]);
  deepEqual(await installed(ovs.ofctl.bind(ovs)), [
    "table=10, priority=100,ip,nw_src=10.0.0.1 actions=drop",
    "table=10, priority=100,ip,nw_src=10.0.0.3 actions=drop",
  ]);
});

Deno.test("flows whose match Open vSwitch weakens are reported", async () => {
  await using lab = await openLab({ flowProgrammer: "ovs-ofctl" });
  await lab.driver.start(never);
  const flow = { table: 0, priority: 9, match: ["ip", "tp_dst=5"], actions: [] };
  await lab.driver.applyFlows({ add: [flow], remove: [] }, never);
  ok(logged.some((line) => /dropped part of a flow's match.*tp_dst=5/.test(line)));
});

Deno.test("flows by the ten thousand are reconciled in one bundle", async () => {
  await using lab = await openLab();
  await lab.driver.start(never);
  const flows = Array.from({ length: 10_000 }, (_, index) => dropFlow(addressOf(index)));
  deepEqual(await reconcileFlows(lab.driver, flows), { set: 10_000, removed: 0 });
  deepEqual(await reconcileFlows(lab.driver, flows), { set: 0, removed: 0 });
  match(await lab.ovs.ofctl("dump-aggregate", "contiv0"), /flow_count=10000/);
  deepEqual(await reconcileFlows(lab.driver, []), { set: 0, removed: 10_000 });
});

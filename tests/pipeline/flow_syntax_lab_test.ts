import { deepEqual, equal } from "node:assert/strict";
import { type Flow, formatFlow } from "../../mod/pipeline/flow.ts";
import { BRIDGE, BRIDGE_FLOOD, hostPipeline, ROUTING } from "../../mod/pipeline/testing/cluster.ts";
import { exampleFlows } from "../../mod/pipeline/testing/example.ts";
import { must } from "../lab/command.ts";

// Open vSwitch silently leaves out a field whose prerequisite is missing (`ip,tp_dst=5` matches all of IP): so what it understood is
// compared with what was written, field by field and action by action.
Deno.test("flows are understood by ovs-ofctl exactly as they are written", async () => {
  const vteps = { one: "192.0.2.1", two: "fd00:9::2", three: "192.0.2.3" };
  const flows = [
    ...exampleFlows(),
    ...[ROUTING, BRIDGE, BRIDGE_FLOOD].flatMap((host) => hostPipeline("one", host, vteps).flows),
  ];
  const understood = await parse(flows);
  equal(understood.length, flows.length);
  flows.forEach((flow, index) => {
    deepEqual(understood[index], {
      table: flow.table,
      priority: flow.priority,
      match: [...flow.match].sort(),
      actions: flow.actions.join(",") || "drop",
    });
  });
});

Deno.test("comparison of flows notices a field that Open vSwitch leaves out", async () => {
  const flow: Flow = { table: 0, priority: 1, match: ["ip", "tp_dst=5"], actions: [] };
  const [understood] = await parse([flow]);
  deepEqual(understood?.match, ["ip"]);
});

async function parse(flows: readonly Flow[]) {
  const text = await must(
    ["ovs-ofctl", "-O", "OpenFlow15", "parse-flows", "-"],
    { stdin: flows.map(formatFlow).join("\n") + "\n" },
  );
  return text.split("\n").filter((line) => line.startsWith("OFPT_FLOW_MOD")).map(understoodFlow);
}

/** `OFPT_FLOW_MOD (OF1.5) (xid=0x1): ADD table:10 priority=100,ip,in_port=1 actions=drop`; table 0 and an empty match are not shown. */
function understoodFlow(line: string) {
  const [head = "", actions = ""] = line.split(" actions=");
  const [, table = "0", fields = ""] = /ADD (?:table:(\d+) ?)?(.*)$/.exec(head) ?? [];
  const parts = fields.split(",").filter((part) => part !== "");
  const priority = parts.find((part) => part.startsWith("priority="));
  return {
    table: Number(table),
    // 32768 is the default priority, which is not shown.
    priority: Number(priority?.slice("priority=".length) ?? 32768),
    match: parts.filter((part) => part !== priority).sort(),
    actions,
  };
}

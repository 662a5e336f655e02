import assert from "node:assert/strict";
import { flowTable } from "./flow_table.ts";

Deno.test("flowTable names tables and shows flows in packet order", () => {
  const flows = "table=110,priority=50,ip,reg1=0x1 actions=output:7\n" +
    "table=0,priority=1 actions=drop\n" +
    "table=0,priority=100,in_port=7 actions=set_field:0x1->reg0,goto_table:10\n";
  assert.equal(
    flowTable(flows),
    `Table           Priority  Match        Actions
-----           --------  -----        -------
0 classify      100       in_port=7    set_field:0x1->reg0,goto_table:spoof_guard
0 classify      1         any          drop
110 l3_forward  50        ip,reg1=0x1  output:7
`,
  );
});

/**
 * A flow as data. Matches and actions are in Open vSwitch's own flow syntax (ovs-fields(7), ovs-actions(7)), one field or action an
 * element, so that every match and action that Open vSwitch knows is at hand.
 * @module
 */

/** In OpenFlow a flow is identified by table, priority and match: no two flows of one switch may share all three. */
export interface Flow {
  readonly table: number;
  /** 0–65535, higher wins. */
  readonly priority: number;
  /** e.g. `["ip", "in_port=7", "nw_src=10.1.2.3"]`; prerequisites first. Empty: matches everything. */
  readonly match: readonly string[];
  /** e.g. `["set_field:0x1->reg0", "goto_table:10"]`. Empty: drop. */
  readonly actions: readonly string[];
}

/** `table=0,priority=100,ip,in_port=7 actions=…`, without cookie, as `ovs-ofctl add-flows` reads it. */
export function formatFlow(flow: Flow): string {
  const match = flow.match.length ? `,${flow.match.join(",")}` : "";
  return `table=${flow.table},priority=${flow.priority}${match} actions=${
    flow.actions.join(",") || "drop"
  }`;
}

/**
 * From what shall change to the lines of one ordered, atomic bundle, as `ovs-ofctl bundle` reads them (ovs-ofctl(8)). Pure.
 * @module
 */
import type { FlowChange } from "../../mod/agent/switch.ts";
import { type Flow, formatFlow } from "../../mod/pipeline/flow.ts";
import { flowCookie, OURS } from "./flow_cookie.ts";
import { removeGroupLine, setGroupLine } from "./group_commands.ts";

/** A flow of ours as the switch has it; enough to know whether it is right. */
export interface InstalledFlow {
  readonly table: number;
  /** `0x` and 16 hexadecimal digits. */
  readonly cookie: string;
}

/**
 * Flows: removals first, so that one named in both is there afterwards; but a mere replacement is no removal: it keeps its counters.
 * Groups come before the flows that use them, and go after them.
 */
export function changeLines(change: FlowChange): string[] {
  const added = new Set(change.add.map(identity));
  const { setGroups = [], removeGroups = [] } = change;
  const kept = new Set(setGroups.map(({ id }) => id));
  return [
    ...setGroups.map(setGroupLine),
    ...change.remove.filter((flow) => !added.has(identity(flow))).map(removeLine),
    ...change.add.map(addLine),
    ...removeGroups.filter((id) => !kept.has(id)).map(removeGroupLine),
  ];
}

export interface Reconciliation {
  readonly lines: readonly string[];
  readonly added: number;
  readonly removed: number;
}

/**
 * The least that makes what is installed equal to what is desired. Additions come first: one with the identity of a stale flow
 * replaces it, counters kept, and the removal by the stale cookie then finds nothing. The one exception are flows of one table that
 * share a cookie (two texts of one hash): a number other than desired says that one is stale but not which, so all go first and
 * come again, in the same bundle.
 */
export function reconcile(
  desired: readonly Flow[],
  installed: readonly InstalledFlow[],
): Reconciliation {
  const wanted = Map.groupBy(distinct(desired), (flow) => placeOf(flow.table, flowCookie(flow)));
  const present = Map.groupBy(installed, (flow) => placeOf(flow.table, flow.cookie));
  const clashing: string[] = [];
  const stale: string[] = [];
  let removed = 0;
  for (const [place, [flow, ...more]] of present) {
    const count = wanted.get(place)?.length ?? 0;
    if (!flow || count === more.length + 1) continue;
    (count === 0 ? stale : clashing).push(removePlaceLine(flow));
    removed += more.length + 1;
  }
  const missing = [...wanted]
    .filter(([place, flows]) => present.get(place)?.length !== flows.length)
    .flatMap(([, flows]) => flows);
  return {
    lines: [...clashing, ...missing.map(addLine), ...stale],
    added: missing.length,
    removed,
  };
}

/** The last of several flows of one identity, as when they are added one after another. */
function distinct(flows: readonly Flow[]): Iterable<Flow> {
  return new Map(flows.map((flow) => [identity(flow), flow])).values();
}

function identity(flow: Flow): string {
  return `${flow.table} ${flow.priority} ${flow.match.join(",")}`;
}

function placeOf(table: number, cookie: string): string {
  return `${table} ${cookie}`;
}

function addLine(flow: Flow): string {
  return `flow add cookie=${flowCookie(flow)},${formatFlow(flow)}`;
}

function removeLine({ table, priority, match }: Flow): string {
  const fields = [`cookie=${OURS}`, `table=${table}`, `priority=${priority}`, ...match];
  return `flow delete_strict ${fields.join(",")}`;
}

function removePlaceLine({ table, cookie }: InstalledFlow): string {
  return `flow delete cookie=${cookie}/-1,table=${table}`;
}

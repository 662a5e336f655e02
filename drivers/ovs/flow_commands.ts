/**
 * From what shall change to the lines of one ordered, atomic bundle, as `ovs-ofctl bundle` reads them (ovs-ofctl(8)). What looks at
 * many flows is done in steps, which the caller may spread over time. Pure.
 * @module
 */
import type { FlowChange } from "../../mod/agent/switch.ts";
import { type Flow, formatFlow } from "../../mod/pipeline/flow.ts";
import { cookieOf, flowCookie, OURS } from "./flow_cookie.ts";
import { removeGroupLine, setGroupLine } from "./group_commands.ts";
import { atOnce, forEachStep, type Steps } from "./slices.ts";

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
export function* changeSteps(change: FlowChange): Steps<string[]> {
  const { setGroups = [], removeGroups = [] } = change;
  const kept = new Set(setGroups.map(({ id }) => id));
  const lines = setGroups.map(setGroupLine);
  if (change.remove.length > 0) {
    const added = new Set<string>();
    yield* forEachStep(change.add, (flow) => added.add(identity(flow)));
    yield* forEachStep(change.remove, (flow) => {
      if (!added.has(identity(flow))) lines.push(removeLine(flow));
    });
  }
  yield* forEachStep(change.add, (flow) => lines.push(addLine(flow)));
  for (const id of removeGroups) if (!kept.has(id)) lines.push(removeGroupLine(id));
  return lines;
}

export function changeLines(change: FlowChange): string[] {
  return atOnce(changeSteps(change));
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
export function* reconcileSteps(
  desired: readonly Flow[],
  installed: readonly InstalledFlow[],
): Steps<Reconciliation> {
  const present = new Map<string, InstalledFlow[]>();
  yield* forEachStep(installed, (flow) => put(present, placeOf(flow.table, flow.cookie), flow));
  // The last of several flows of one identity, as when they are added one after another.
  const distinct = new Map<string, Flow>();
  yield* forEachStep(desired, (flow) => distinct.set(identity(flow), flow));
  const wanted = new Map<string, Flow[]>();
  yield* forEachStep(
    distinct.values(),
    (flow) => put(wanted, placeOf(flow.table, flowCookie(flow)), flow),
  );
  const clashing: string[] = [];
  const stale: string[] = [];
  let removed = 0;
  yield* forEachStep(present, ([place, flows]) => {
    const [flow] = flows;
    const count = wanted.get(place)?.length ?? 0;
    if (!flow || count === flows.length) return;
    (count === 0 ? stale : clashing).push(removePlaceLine(flow));
    removed += flows.length;
  });
  const missing: string[] = [];
  for (const [place, flows] of wanted) {
    const right = present.get(place)?.length === flows.length;
    yield* forEachStep(flows, (flow) => right || missing.push(addLine(flow)));
  }
  return { lines: [...clashing, ...missing, ...stale], added: missing.length, removed };
}

export function reconcile(
  desired: readonly Flow[],
  installed: readonly InstalledFlow[],
): Reconciliation {
  return atOnce(reconcileSteps(desired, installed));
}

function put<T>(map: Map<string, T[]>, key: string, value: T): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

function identity(flow: Flow): string {
  return `${flow.table} ${flow.priority} ${flow.match.join(",")}`;
}

function placeOf(table: number, cookie: string): string {
  return `${table} ${cookie}`;
}

function addLine(flow: Flow): string {
  const text = formatFlow(flow);
  return `flow add cookie=${cookieOf(text)},${text}`;
}

function removeLine({ table, priority, match }: Flow): string {
  const fields = [`cookie=${OURS}`, `table=${table}`, `priority=${priority}`, ...match];
  return `flow delete_strict ${fields.join(",")}`;
}

function removePlaceLine({ table, cookie }: InstalledFlow): string {
  return `flow delete cookie=${cookie}/-1,table=${table}`;
}

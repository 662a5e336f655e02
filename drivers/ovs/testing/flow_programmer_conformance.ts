/**
 * What every FlowProgrammer promises, as tests against a real switch.
 * @module
 */
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import type { FlowChange } from "../../../mod/agent/switch.ts";
import type { Flow } from "../../../mod/pipeline/flow.ts";
import { changeLines } from "../flow_commands.ts";
import { flowCookie } from "../flow_cookie.ts";
import type { FlowProgrammer } from "../flow_programmer.ts";
import { addressOf, dropFlow, never, openLab } from "./open_lab.ts";
import { waitUntil } from "./private_ovs.ts";

/** `onWeakened` is told of a match that was accepted but not in full, if the programmer does not refuse it. */
export type MakeProgrammer = (
  socket: string,
  onWeakened: (words: string) => void,
) => FlowProgrammer;

interface Subject {
  readonly programmer: FlowProgrammer;
  readonly weakened: string[];
  readonly lab: Awaited<ReturnType<typeof openLab>>;
  apply(change: Partial<FlowChange>): Promise<void>;
  /** The installed flows of ours, sorted. */
  installed(): Promise<string[]>;
}

/** Registers the tests. */
export function testFlowProgrammer(name: string, make: MakeProgrammer): void {
  const test = (promise: string, work: (subject: Subject) => Promise<void>) =>
    Deno.test(`${name} ${promise}`, () => withSubject(make, work));
  test("applies in order, replaces, removes, and reads back what is ours", testChanges);
  test("names a flow that is refused, and applies none of its bundle", testRefusals);
  test("lets no weakened match pass unnoticed", testWeakened);
  test("applies concurrent bundles, each by itself", testConcurrency);
  test("takes ten thousand flows in one bundle", testMany);
  test("says that the switch is gone, and works when it is back", testRestart);
}

async function withSubject(
  make: MakeProgrammer,
  work: (subject: Subject) => Promise<void>,
): Promise<void> {
  await using lab = await openLab();
  await lab.driver.start(never);
  const weakened: string[] = [];
  const programmer = make(`${lab.ovs.directory}/contiv0.mgmt`, (words) => weakened.push(words));
  try {
    await work({
      programmer,
      weakened,
      lab,
      apply: (change) => programmer.apply(changeLines({ add: [], remove: [], ...change })),
      installed: async () => (await programmer.dump()).flows.map(placeOf).sort(),
    });
  } finally {
    await programmer.close();
    await programmer.close();
  }
}

async function testChanges({ programmer, lab, apply, installed }: Subject): Promise<void> {
  await programmer.apply([]);
  deepEqual(await installed(), []);
  await lab.ovs.ofctl("add-flow", "contiv0", "table=3,priority=7,ip,actions=drop");
  const [a, b] = [dropFlow("10.0.0.1"), dropFlow("10.0.0.2", 0)];
  await apply({ add: [a, b] });
  deepEqual(await installed(), placesOf([a, b]));
  const changed: Flow = { ...a, actions: ["set_field:0x7->reg0", "goto_table:20"] };
  await apply({ add: [changed] });
  deepEqual(await installed(), placesOf([changed, b]));
  const again = changeLines({ add: [b], remove: [] });
  await programmer.apply([...changeLines({ add: [], remove: [b] }), ...again]);
  deepEqual(await installed(), placesOf([changed, b]));
  await programmer.apply([...again, ...changeLines({ add: [], remove: [b] })]);
  deepEqual(await installed(), placesOf([changed]));
  await programmer.apply([`flow delete cookie=${flowCookie(changed)}/-1,table=${changed.table}`]);
  deepEqual(await installed(), []);
  ok((await lab.ovs.ofctl("dump-flows", "contiv0")).includes("table=3"), "flows of others stay");
}

async function testRefusals({ apply, installed }: Subject): Promise<void> {
  const flow = dropFlow("10.0.0.66");
  const before = dropFlow("10.0.0.1");
  await apply({ add: [before] });
  const others = Array.from({ length: 1_300 }, (_, index) => dropFlow(addressOf(index), 20));
  for (
    const [bad, message] of [
      [{ ...flow, actions: ["group:77"] }, /10\.0\.0\.66.*OFPBAC_BAD_OUT_GROUP/],
      [{ ...flow, match: ["ip", "nw_sauce=1"] }, /nw_sauce=1.*unknown/],
      // Refused when it is added to the bundle, not at the commit: which must then not be asked for.
      [{ ...flow, table: 254 }, /table=254.*10\.0\.0\.66.*OFPBRC_EPERM/],
      [{ ...flow, actions: ["goto_table:2"] }, /10\.0\.0\.66.*goto_table:2/],
    ] as const
  ) {
    for (const add of [[bad], [...others.slice(0, 1_201), bad, ...others.slice(1_201)]]) {
      await rejects(apply({ add }), { code: "flow-refused", message });
      deepEqual(await installed(), placesOf([before]));
    }
  }
  await apply({ remove: [before] });
  deepEqual(await installed(), []);
}

async function testWeakened({ apply, installed, weakened }: Subject): Promise<void> {
  const flow: Flow = { table: 0, priority: 9, match: ["ip", "tp_dst=5"], actions: [] };
  const refusal = await apply({ add: [flow] }).then(() => undefined, String);
  if (refusal !== undefined) deepEqual(await installed(), []);
  equal(weakened.length, refusal === undefined ? 1 : 0);
  ok((refusal ?? weakened.join()).includes("tp_dst=5"));
}

async function testConcurrency({ apply, installed }: Subject): Promise<void> {
  const flows = Array.from({ length: 20 }, (_, index) => dropFlow(addressOf(index)));
  const bad = { ...dropFlow("10.0.0.66"), actions: ["group:77"] };
  const calls = [...flows, bad].map((flow) => apply({ add: [flow] }));
  const settled = await Promise.allSettled(calls);
  deepEqual(settled.map(({ status }) => status), [...flows.map(() => "fulfilled"), "rejected"]);
  deepEqual(await installed(), placesOf(flows));
}

async function testMany({ apply, installed }: Subject): Promise<void> {
  const flows = Array.from({ length: 10_000 }, (_, index) => dropFlow(addressOf(index)));
  await apply({ add: flows });
  deepEqual(await installed(), placesOf(flows));
  await apply({ remove: flows });
  deepEqual(await installed(), []);
}

async function testRestart({ apply, installed, lab }: Subject): Promise<void> {
  const flow = dropFlow("10.0.0.1");
  await apply({ add: [flow] });
  await lab.ovs.killVswitchd();
  await rejects(apply({ add: [flow] }), { code: "unavailable", message: /ovs-vsctl show/ });
  await rejects(installed(), { code: "unavailable" });
  await lab.ovs.startVswitchd();
  await waitUntil("the bridge is back", () => apply({ add: [flow] }).then(() => true, () => false));
  deepEqual(await installed(), placesOf([flow]));
}

function placesOf(flows: readonly Flow[]): string[] {
  return flows.map((flow) => placeOf({ table: flow.table, cookie: flowCookie(flow) })).sort();
}

function placeOf({ table, cookie }: { readonly table: number; readonly cookie: string }): string {
  return `${table} ${cookie}`;
}

import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import fc from "fast-check";
import type { Bucket, Group } from "../../mod/pipeline/group.ts";
import { groupDifference, type InstalledGroup, setGroupLine } from "./group_commands.ts";
import { parseGroups } from "./ofctl_output.ts";

const bucket: fc.Arbitrary<Bucket> = fc.record({
  weight: fc.integer({ min: 1, max: 2 }),
  actions: fc.constantFrom([], ["output:1"], ["output:2"], [
    "set_field:10.0.0.1->tun_dst",
    "output:3",
  ]),
});
const groups: fc.Arbitrary<Group[]> = fc.uniqueArray(
  fc.record({
    id: fc.integer({ min: 1, max: 4 }),
    type: fc.constantFrom("all", "select"),
    buckets: fc.array(bucket, { maxLength: 5 }),
  }),
  { selector: ({ id }) => id },
);

/** What a switch that was told these lines shows of them. */
const installed = (wanted: readonly Group[]): InstalledGroup[] =>
  parseGroups(
    wanted.map((group) => setGroupLine(group).replace("group add_or_mod", "")).join("\n"),
  );

Deno.test("group difference sets just what is other than installed and removes the rest", () => {
  fc.assert(fc.property(groups, groups, (before, wanted) => {
    const present = installed(before);
    const { set, remove } = groupDifference(wanted, present);
    const after = new Map(present.map((group) => [group.id, group]));
    for (const group of installed(set)) after.set(group.id, group);
    for (const id of remove) after.delete(id);
    deepEqual(
      [...after.values()].sort((a, b) => a.id - b.id),
      installed(wanted).sort((a, b) => a.id - b.id),
    );
    for (const group of set) {
      notEqual(JSON.stringify(before.find(({ id }) => id === group.id)), JSON.stringify(group));
    }
    deepEqual(groupDifference(wanted, installed(wanted)), { set: [], remove: [] });
  }));
});

Deno.test("group difference sees the order of buckets, and a bucket that is there twice", () => {
  const of = (...ports: number[]): Group => ({
    id: 7,
    type: "all",
    buckets: ports.map((port) => ({ actions: [`output:${port}`] })),
  });
  equal(groupDifference([of(1, 2)], installed([of(2, 1)])).set.length, 1);
  equal(groupDifference([of(1)], installed([of(1, 1)])).set.length, 1);
  const numbers = installed([of(1, 1, 1)])[0]?.buckets ?? [];
  equal(new Set(numbers).size, 3);
});

Deno.test("bucket keeps its number when others come and go", () => {
  const line = (...ports: number[]) =>
    setGroupLine({
      id: 7,
      type: "all",
      buckets: ports.map((port) => ({ actions: [`output:${port}`] })),
    });
  const [, number = ""] = /bucket_id:(\d+),actions=output:2/.exec(line(1, 2)) ?? [];
  match(line(3, 2, 4), new RegExp(`bucket_id:${number},actions=output:2`));
});

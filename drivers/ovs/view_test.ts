import assert from "node:assert/strict";
import { Replica } from "./replica.ts";
import { bridge, portsOf } from "./view.ts";

const EMPTY = ["set", []];
const portRow = (name: string, ...interfaces: string[]) => {
  const members = ["set", interfaces.map((uuid) => ["uuid", uuid])];
  return { new: { name, interfaces: members, external_ids: ["map", []], trunks: EMPTY } };
};
const interfaceRow = (name: string, ofport: unknown) => ({ new: { name, type: "", ofport } });

function replicaOf(...updates: unknown[]): Replica {
  const replica = new Replica();
  for (const update of updates) replica.apply(update);
  return replica;
}

const START = {
  Bridge: { b: { new: { name: "contiv0", ports: ["set", [["uuid", "p1"], ["uuid", "p2"]]] } } },
  Port: { p1: portRow("one", "i1"), p2: portRow("two", "i2", "i3") },
  Interface: {
    i1: interfaceRow("one", EMPTY),
    i2: interfaceRow("two", 2),
    i3: interfaceRow("three", 3),
  },
};

function portsIn(replica: Replica) {
  const view = bridge(replica, "contiv0");
  assert.ok(view);
  return portsOf(replica, view);
}

Deno.test("a port's view stays the same while its rows do", () => {
  const replica = replicaOf(START);
  const before = portsIn(replica);
  replica.apply({ Interface: { i1: interfaceRow("one", 1) } });
  const after = portsIn(replica);
  assert.equal(after.get("one")?.interface?.number, 1);
  assert.notEqual(after.get("one"), before.get("one"));
  assert.equal(after.get("two"), before.get("two"));
});

Deno.test("a bond's view changes when one of its links does, or goes", () => {
  const replica = replicaOf(START);
  const before = portsIn(replica);
  replica.apply({ Interface: { i3: interfaceRow("three", 9) } });
  const changed = portsIn(replica).get("two");
  assert.deepEqual(changed?.members.map(({ number }) => number), [2, 9]);
  replica.apply({ Interface: { i3: { old: {} } } });
  assert.deepEqual(portsIn(replica).get("two")?.members.map(({ name }) => name), ["two"]);
  assert.equal(before.get("two")?.members.length, 2);
});

Deno.test("a bridge's view follows its row", () => {
  const replica = replicaOf(START);
  const before = bridge(replica, "contiv0");
  assert.equal(bridge(replica, "contiv0"), before);
  replica.apply({ Bridge: { b: { new: { name: "contiv0", ports: ["uuid", "p1"] } } } });
  assert.deepEqual(bridge(replica, "contiv0")?.ports, ["p1"]);
  assert.equal(bridge(replica, "other"), undefined);
});

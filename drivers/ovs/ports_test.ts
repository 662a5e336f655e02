import { deepEqual, equal, throws } from "node:assert/strict";
import type { PortSpec } from "../../mod/agent/switch.ts";
import { planPorts } from "./ports.ts";
import { Replica } from "./replica.ts";
import { bridge } from "./view.ts";

/** contiv0 with its local port, our v1 (number 11), and somebody's `theirs`; another bridge with w1. */
function picture(): Replica {
  const replica = new Replica();
  const rows = (of: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(of).map(([uuid, row]) => [uuid, { new: row }]));
  const map = (record: Record<string, string>) => ["map", Object.entries(record)];
  const ours = map({ "contiv-owner": "endpoint:v1", note: "kept" });
  const none = map({});
  replica.apply({
    Bridge: rows({
      b0: { name: "contiv0", ports: ["set", [["uuid", "pl"], ["uuid", "p1"], ["uuid", "pt"]]] },
      b1: { name: "other", ports: ["uuid", "pw"] },
    }),
    Port: rows({
      pl: { name: "contiv0", interfaces: ["uuid", "il"], external_ids: none },
      p1: { name: "v1", interfaces: ["uuid", "i1"], external_ids: ours },
      pt: { name: "theirs", interfaces: ["uuid", "it"], external_ids: none },
      pw: { name: "w1", interfaces: ["uuid", "iw"], external_ids: none },
    }),
    Interface: rows({
      il: { name: "contiv0", type: "internal", external_ids: none },
      i1: { name: "v1", type: "", ofport_request: 11, ofport: 11, external_ids: ours },
      it: { name: "theirs", type: "", ofport: 1, ofport_request: ["set", []], external_ids: none },
      iw: { name: "w1", type: "", external_ids: none },
    }),
  });
  return replica;
}

function plan(add: readonly PortSpec[], remove: readonly string[] = []) {
  const replica = picture();
  const contiv0 = bridge(replica, "contiv0");
  if (!contiv0) throw new Error("the picture lacks contiv0");
  return planPorts(replica, contiv0, add, remove);
}

const spec = (name: string, number: number): PortSpec => ({
  name,
  type: "system",
  number,
  externalIds: { "contiv-owner": `endpoint:${name}` },
});

Deno.test("port plan is empty when the port is right", () => {
  deepEqual(plan([spec("v1", 11)]), { operations: [], inserted: [], restore: [] });
  deepEqual(plan([], ["absent"]).operations, []);
});

Deno.test("port plan changes a port in place, keeps others' external ids, and can restore it", () => {
  const { operations, restore } = plan([spec("v1", 12)]);
  deepEqual(operations.map((operation) => "row" in operation && operation.row), [{
    type: "",
    ofport_request: 12,
    external_ids: ["map", [["contiv-owner", "endpoint:v1"], ["note", "kept"]]],
  }]);
  deepEqual(restore.map((operation) => "row" in operation && operation.row.ofport_request), [11]);
});

Deno.test("port plan adds rows and one mutation, and takes a removed port off the bridge", () => {
  const { operations, inserted } = plan([spec("v2", 11), spec("v3", 13)], ["v1"]);
  deepEqual(operations.map(({ op, table }) => `${op} ${table}`), [
    "insert Interface",
    "insert Port",
    "insert Interface",
    "insert Port",
    "mutate Bridge",
    "mutate Bridge",
  ]);
  deepEqual(inserted, ["v2", "v3"]);
  const last = operations.at(-1);
  deepEqual(last?.op === "mutate" && last.mutations, [["ports", "delete", ["set", [[
    "uuid",
    "p1",
  ]]]]]);
});

Deno.test("port plan refuses what belongs to somebody else", () => {
  const table: [add: PortSpec[], remove: string[], message: RegExp][] = [
    [[spec("w1", 5)], [], /w1: it is a port of bridge other/],
    [[spec("theirs", 5)], [], /theirs: .* not Contiv's/],
    [[], ["theirs"], /theirs: .* not Contiv's/],
    [[], ["contiv0"], /contiv0/],
    [[spec("v2", 11)], [], /number 11 of contiv0 is taken by v1/],
    [[spec("v2", 5), spec("v3", 5)], [], /number 5 of contiv0 is taken by v2/],
  ];
  for (const [add, remove, message] of table) {
    throws(() => plan(add, remove), { code: "port-refused", message });
  }
  equal(plan([spec("v2", 1)]).inserted.length, 1, "a number that was merely given is free to ask");
});

const bond = (...names: string[]): PortSpec => ({
  ...spec("uplinkPort", 21),
  vlan: "all",
  bond: {
    members: names.map((name, index) => ({ name, number: 21 + index })),
    mode: "balance-tcp",
    lacp: "active",
  },
});

Deno.test("port plan makes a bond of several links, a trunk, with LACP", () => {
  const { operations, inserted } = plan([bond("eth2", "eth3")]);
  deepEqual(inserted, ["uplinkPort"]);
  const rows = operations.flatMap((it) => it.op === "insert" ? [it.row] : []);
  deepEqual(rows.map(({ name, ofport_request }) => [name, ofport_request]), [
    ["eth2", 21],
    ["eth3", 22],
    ["uplinkPort", undefined],
  ]);
  const { interfaces, vlan_mode, trunks, bond_mode, lacp } = rows[2] ?? {};
  deepEqual([interfaces, vlan_mode, trunks, bond_mode, lacp], [
    ["set", ["eth2", "eth3"].map((name) => ["named-uuid", `interface_${hexOf(name)}`])],
    "trunk",
    ["set", []],
    "balance-tcp",
    "active",
  ]);
});

Deno.test("port plan refuses a bond of a link that another bridge has", () => {
  throws(() => plan([bond("eth2", "w1")]), /w1.*port of bridge other/);
});

Deno.test("port plan puts a port into its VLAN in place, and can restore it", () => {
  for (
    const [vlan, columns] of [
      [7, { vlan_mode: "access", tag: 7, trunks: ["set", []] }],
      ["none", { vlan_mode: "trunk", tag: ["set", []], trunks: ["set", [4095]] }],
      ["all", { vlan_mode: "trunk", tag: ["set", []], trunks: ["set", []] }],
    ] as const
  ) {
    const { operations, restore } = plan([{ ...spec("v1", 11), vlan }]);
    deepEqual(operations.map((it) => it.op === "update" && it.row), [columns]);
    deepEqual(restore.map((it) => it.op === "update" && it.row), [
      { vlan_mode: ["set", []], tag: ["set", []], trunks: ["set", []] },
    ]);
  }
});

function hexOf(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16)).join("");
}

import { deepEqual, equal, ok } from "node:assert/strict";
import type { PortSpec } from "../../mod/agent/switch.ts";
import { never, openLab, veth } from "./testing/open_lab.ts";

const single: PortSpec = { ...veth("e2", 31), vlan: "all" };
const bond = (...names: string[]): PortSpec => ({
  ...veth("uplinkPort", 31),
  vlan: "all",
  bond: {
    members: names.map((name, index) => ({ name, number: 31 + index })),
    mode: "active-backup",
    lacp: "off",
  },
});
import { waitUntil } from "./testing/private_ovs.ts";

Deno.test("a link becomes a member of a bond and a port again, in one change each", async () => {
  await using lab = await openLab();
  const { driver, ovs } = lab;
  await lab.links("e2", "e3");
  await driver.start(never);
  const members = () =>
    driver.ports().map(({ name, members }) => [
      name,
      ...(members ?? []).map((member) => `${member.name} ${member.number}`).sort(),
    ]);

  await driver.applyPorts([single], [], never);
  await driver.applyPorts([bond("e2", "e3")], ["e2"], never);
  deepEqual(members(), [["uplinkPort", "e2 31", "e3 32"]]);
  equal((await ovs.vsctl("get", "port", "uplinkPort", "bond_mode")).trim(), "active-backup");

  const before = await ovs.vsctl("get", "open", ".", "next_cfg");
  await driver.applyPorts([bond("e2", "e3")], [], never);
  equal(await ovs.vsctl("get", "open", ".", "next_cfg"), before, "what is right is left alone");

  const [{ bond: of, ...port }] = [bond("e2", "e3")];
  ok(of);
  await driver.applyPorts([{ ...port, bond: { ...of, mode: "balance-slb" } }], [], never);
  equal((await ovs.vsctl("get", "port", "uplinkPort", "bond_mode")).trim(), "balance-slb");

  await driver.applyPorts([single], ["uplinkPort"], never);
  deepEqual(members(), [["e2", "e2 31"]]);
});

Deno.test("a bond works without a member that is not there, and takes it in when it comes", async () => {
  await using lab = await openLab();
  const { driver } = lab;
  await lab.links("e2");
  await driver.start(never);
  await driver.applyPorts([bond("e2", "e3")], [], never);
  const found = () => driver.ports()[0]?.members ?? [];
  ok(found().find(({ name }) => name === "e3")?.error !== undefined);
  equal(found().find(({ name }) => name === "e2")?.number, 31);
  await lab.links("e3");
  await waitUntil("e3 to join", () => found().find(({ name }) => name === "e3")?.number === 32);
});

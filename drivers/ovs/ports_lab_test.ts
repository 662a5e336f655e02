import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { never, openLab, veth } from "./testing/open_lab.ts";
import { waitUntil } from "./testing/private_ovs.ts";

Deno.test("ports get their numbers, marks and settings, and go when removed", async () => {
  await using lab = await openLab();
  const { ovs, driver } = lab;
  await lab.links("v1", "v2");
  await driver.start(never);
  const gateway = {
    name: "contivh0",
    type: "internal" as const,
    number: 60001,
    externalIds: { "contiv-owner": "host", note: 'a "quoted" word' },
    mac: "02:02:ac:13:ff:fe",
    mtu: 1400,
  };
  const tunnel = {
    name: "vxlan0",
    type: "vxlan" as const,
    number: 60002,
    externalIds: { "contiv-owner": "tunnel" },
    options: { remote_ip: "flow", key: "flow" },
  };
  await driver.applyPorts([veth("v1", 11), veth("v2", 12), gateway, tunnel], [], never);
  for (const [name, number] of [["v1", 11], ["v2", 12], ["contivh0", 60001], ["vxlan0", 60002]]) {
    equal((await ovs.vsctl("get", "interface", `${name}`, "ofport")).trim(), `${number}`);
  }
  match(await ovs.exec("ip", "-o", "link", "show", "contivh0"), /mtu 1400.*02:02:ac:13:ff:fe/);
  const { members: _, ...contivh0 } = driver.ports().find(({ name }) => name === "contivh0") ?? {};
  deepEqual(contivh0, {
    name: "contivh0",
    number: 60001,
    externalIds: gateway.externalIds,
  });
  const before = await ovs.vsctl("get", "open", ".", "next_cfg");
  await driver.applyPorts([veth("v1", 11), gateway, tunnel], [], never);
  equal(await ovs.vsctl("get", "open", ".", "next_cfg"), before, "no transaction for nothing");
  await driver.applyPorts([], ["v1", "contivh0", "absent"], never);
  deepEqual(driver.ports().map((port) => port.name).sort(), ["v2", "vxlan0"]);
  equal(await ovs.vsctl("list-ports", "contiv0"), "v2\nvxlan0\n");
  ok(!lab.seen.includes("ports-changed"), "our own changes are no news");
});

Deno.test("ports change in place and a number passes from a removed port to a new one", async () => {
  await using lab = await openLab();
  await lab.links("v1", "v2");
  await lab.driver.start(never);
  await lab.driver.applyPorts([veth("v1", 11)], [], never);
  await lab.driver.applyPorts([veth("v1", 21)], [], never);
  await lab.driver.applyPorts([veth("v2", 21)], ["v1"], never);
  deepEqual(lab.driver.ports().map(({ members: _, ...port }) => port), [{
    name: "v2",
    number: 21,
    externalIds: { "contiv-owner": "endpoint:v2" },
  }]);
});

Deno.test("ports are refused by name and nothing of the call stays", async () => {
  await using lab = await openLab();
  const { driver, ovs } = lab;
  await lab.links("v1", "v2", "w1");
  await ovs.vsctl(
    "add-br",
    "other",
    "--",
    "set",
    "bridge",
    "other",
    "datapath_type=netdev",
    "--",
    "add-port",
    "other",
    "w1",
  );
  await driver.start(never);
  await ovs.vsctl(
    "add-port",
    "contiv0",
    "theirs",
    "--",
    "set",
    "interface",
    "theirs",
    "type=internal",
  );
  await driver.applyPorts([veth("v1", 11)], [], never);
  const refusals: [Parameters<typeof driver.applyPorts>, RegExp][] = [
    [[[veth("v2", 12), veth("absent", 13)], [], never], /port absent.*ip link show absent/],
    [[[veth("v2", 11)], [], never], /number 11 of contiv0 is taken by v1.*del-port v1/],
    [[[veth("v2", 12), veth("w1", 13)], [], never], /w1: it is a port of bridge other/],
    [[[veth("theirs", 12)], [], never], /theirs: contiv0 has a port of that name/],
    [[[], ["theirs"], never], /theirs: contiv0 has a port/],
    [[[], ["contiv0"], never], /contiv0/],
    [[[veth("v2", 12), veth("v1", 70_000)], [], never], /constraint violation/],
  ];
  const before = await ovs.vsctl("list-ports", "contiv0");
  for (const [call, message] of refusals) {
    await rejects(driver.applyPorts(...call), { code: "port-refused", message });
    await waitUntil("taken back", async () => await ovs.vsctl("list-ports", "contiv0") === before);
    deepEqual(driver.ports().map(({ name, number }) => [name, number]), [["v1", 11]]);
  }
});

Deno.test("ports of concurrent calls are attached together and only the guilty call fails", async () => {
  await using lab = await openLab();
  const names = Array.from({ length: 100 }, (_, index) => `v${index}`);
  await lab.links(...names);
  await lab.driver.start(never);
  const calls = names.map((name, index) =>
    lab.driver.applyPorts([veth(name, index + 1)], [], never)
  );
  calls.push(lab.driver.applyPorts([veth("v5", 80)], [], never));
  const outcomes = (await Promise.allSettled(calls)).map((call) => call.status);
  deepEqual(outcomes.slice(0, 100), names.map(() => "fulfilled"));
  equal(outcomes[100], "rejected");
  equal(lab.driver.ports().length, 100);
  ok(lab.driver.ports().every((port) => port.number !== undefined));
  await lab.driver.applyPorts([], names, never);
  deepEqual(lab.driver.ports(), []);
});

Deno.test("ports changed by another hand are told, and links that vanish and return", async () => {
  await using lab = await openLab();
  await lab.links("v1", "v2");
  await lab.driver.start(never);
  await lab.driver.applyPorts([veth("v1", 11), veth("v2", 12)], [], never);
  await lab.ovs.vsctl("del-port", "v1");
  await lab.event("ports-changed");
  await lab.ovs.exec("ip", "link", "delete", "v2");
  await lab.event("ports-changed");
  const [port] = lab.driver.ports();
  equal(port?.number, undefined);
  await rejects(lab.driver.applyPorts([veth("v2", 12)], [], never), { code: "port-refused" });
  await lab.links("v2");
  await lab.driver.applyPorts([veth("v2", 12)], [], never);
  equal(lab.driver.ports()[0]?.number, 12);
});

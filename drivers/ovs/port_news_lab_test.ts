import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import type { Switch } from "../../mod/agent/switch.ts";
import { builtLibrary } from "./native/testing/built.ts";
import type { OpenFlowCodec } from "./openflow/codec.ts";
import { openNativeCodec } from "./openflow/native_codec.ts";
import { OpenFlowProgrammer } from "./openflow/openflow_programmer.ts";
import { dropFlow, type Lab, never, openLab, veth } from "./testing/open_lab.ts";
import { waitUntil } from "./testing/private_ovs.ts";

/** The driver, with its OpenFlow connection up: that is made at the first need. */
async function started(lab: Lab): Promise<Switch> {
  await lab.driver.start(never);
  await lab.driver.applyFlows({ add: [dropFlow("10.1.1.1")], remove: [] }, never);
  return lab.driver;
}

const numbers = (driver: Switch) =>
  Object.fromEntries(driver.ports().map(({ name, number }) => [name, number]));

/** What the database says of an interface's number: "[]" while it says nothing. */
const shown = async (lab: Lab, name: string) =>
  (await lab.ovs.vsctl("get", "interface", name, "ofport")).trim();

for (const flowProgrammer of ["native", "ovs-ofctl"] as const) {
  Deno.test(`ports are attached, and shown with their number, as soon as ovs-vswitchd says so (${flowProgrammer})`, async () => {
    await using lab = await openLab({ flowProgrammer });
    const driver = await started(lab);
    const names = Array.from({ length: 30 }, (_, index) => `v${index}`);
    await lab.links(...names);
    for (const [index, name] of names.entries()) {
      await driver.applyPorts([veth(name, index + 1)], [], never);
      equal(numbers(driver)[name], index + 1);
    }
    for (const [index, name] of names.entries()) {
      await waitUntil(`${name} shown`, async () => await shown(lab, name) === `${index + 1}`);
    }
    equal(Object.keys(numbers(driver)).length, names.length);
    ok(!lab.seen.includes("ports-changed"), "our own attachments are no news");
    await driver.applyPorts([], names, never);
    ok(!lab.seen.includes("ports-changed"), "our own detachments are no news");
  });
}

Deno.test("native OpenFlow tells of the first of many ports when all that come with it are in force", async () => {
  await using lab = await openLab();
  const driver = await started(lab);
  const codec = openNativeCodec(await builtLibrary());
  let heard = 0;
  const listening: OpenFlowCodec = {
    description: codec.description,
    encodeLines: codec.encodeLines.bind(codec),
    encodeBundleControl: codec.encodeBundleControl.bind(codec),
    encodeBarrier: codec.encodeBarrier.bind(codec),
    encodeFlowDump: codec.encodeFlowDump.bind(codec),
    encodeDump: codec.encodeDump.bind(codec),
    decode(message) {
      const said = codec.decode(message);
      if (said.kind === "port-status" && said.status.reason === "add") heard++;
      return said;
    },
  };
  const told: string[] = [];
  let heardBeforeFirst = 0;
  const programmer = new OpenFlowProgrammer(listening, {
    socket: `${lab.ovs.directory}/contiv0.mgmt`,
    onPortStatus: ({ reason, name }) => {
      if (reason !== "add") return;
      if (told.length === 0) heardBeforeFirst = heard;
      told.push(name);
    },
  });
  await programmer.dump();
  const names = Array.from({ length: 60 }, (_, index) => `v${index}`);
  await lab.links(...names);
  // ovs-vswitchd gives new ports their VLANs after it has added the last of them.
  await driver.applyPorts(
    names.map((name, index) => ({ ...veth(name, index + 1), vlan: 100 })),
    [],
    never,
  );
  await waitUntil("all are told of", () => told.length === names.length);
  equal(heardBeforeFirst, names.length);
  await programmer.close();
});

Deno.test("ports that are removed and at once added again are attached anew, with their number", async () => {
  await using lab = await openLab();
  const driver = await started(lab);
  await lab.links("v1");
  for (let round = 0; round < 10; round++) {
    await driver.applyPorts([veth("v1", 7)], [], never);
    deepEqual(numbers(driver), { v1: 7 });
    const removed = driver.applyPorts([], ["v1"], never);
    if (round % 2) await removed;
    else await Promise.allSettled([removed, driver.applyPorts([veth("v1", 7)], [], never)]);
  }
  await driver.applyPorts([veth("v1", 7)], [], never);
  await waitUntil("shown", async () => await shown(lab, "v1") === "7");
  deepEqual(numbers(driver), { v1: 7 });
  ok(!lab.seen.includes("ports-changed"));
});

Deno.test("ports whose link is missing are refused in words, beside others that are attached", async () => {
  await using lab = await openLab();
  const driver = await started(lab);
  await lab.links("v1", "v2", "v3");
  const absent = rejects(driver.applyPorts([veth("absent", 4)], [], never), {
    code: "port-refused",
    message: /port absent.*ip link show absent/,
  });
  const present = ["v1", "v2", "v3"].map((name, at) =>
    driver.applyPorts([veth(name, at + 1)], [], never)
  );
  await Promise.all([absent, ...present]);
  deepEqual(numbers(driver), { v1: 1, v2: 2, v3: 3 });
});

Deno.test("ports that somebody else deletes and adds again have no number of before", async () => {
  await using lab = await openLab();
  const driver = await started(lab);
  await lab.links("v1");
  await driver.applyPorts([veth("v1", 7)], [], never);
  // At once: the database may not have shown the number yet.
  await lab.ovs.vsctl("--no-wait", "del-port", "v1");
  await waitUntil("gone", () => driver.ports().length === 0);
  await lab.ovs.exec("ip", "link", "delete", "v1");
  const mark = ["--", "set", "port", "v1", "external_ids:contiv-owner=e1"];
  await lab.ovs.vsctl("--no-wait", "add-port", "contiv0", "v1", ...mark);
  await waitUntil("seen", () => driver.ports().length === 1);
  equal(numbers(driver).v1, undefined);
});

import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { never, openLab, veth } from "./testing/open_lab.ts";

async function nextConfiguration(vsctl: (...args: string[]) => Promise<string>): Promise<string> {
  const dump = await vsctl(
    "--format=json",
    "--columns=name,ports,fail_mode,external_ids,protocols",
    "list",
    "bridge",
  );
  return dump +
    await vsctl("--format=json", "--columns=name,external_ids,ofport", "list", "interface");
}

Deno.test("switch makes its bridge in an empty database and a second process changes nothing", async () => {
  await using lab = await openLab({ flowProgrammer: "ovs-ofctl" });
  const facts = await lab.driver.start(never);
  deepEqual([facts.datapath, facts.flowProgrammer], ["netdev", "ovs-ofctl bundle"]);
  match(facts.version, /^\d+\.\d+\.\d+/);
  equal((await lab.ovs.vsctl("get-fail-mode", "contiv0")).trim(), "secure");
  match(await lab.ovs.vsctl("br-get-external-id", "contiv0"), /contiv-owner=contiv/);
  equal(await lab.ovs.ofctl("--no-stats", "dump-flows", "contiv0"), "");
  deepEqual(await lab.driver.start(never), facts);
  const before = await nextConfiguration(lab.ovs.vsctl.bind(lab.ovs));
  const second = lab.open();
  deepEqual(await second.start(never), facts);
  ok(second.connected);
  equal(await nextConfiguration(lab.ovs.vsctl.bind(lab.ovs)), before);
  await lab.event("connected");
});

Deno.test("switch corrects its bridge and leaves other bridges alone", async () => {
  await using lab = await openLab();
  const { ovs } = lab;
  await ovs.vsctl(
    "add-br",
    "contiv0",
    "--",
    "add-br",
    "other",
    "--",
    "set",
    "bridge",
    "contiv0",
    "datapath_type=netdev",
    "fail_mode=standalone",
    "--",
    "set-controller",
    "contiv0",
    "tcp:127.0.0.1:9",
  );
  const other = await ovs.vsctl("list", "bridge", "other");
  await lab.driver.start(never);
  equal((await ovs.vsctl("get-fail-mode", "contiv0")).trim(), "secure");
  equal(await ovs.vsctl("get-controller", "contiv0"), "");
  equal(await ovs.vsctl("list", "bridge", "other"), other);
});

Deno.test("switch refuses a bridge of its name that holds ports of somebody else", async () => {
  await using lab = await openLab();
  await lab.ovs.vsctl(
    "add-br",
    "contiv0",
    "--",
    "set",
    "bridge",
    "contiv0",
    "datapath_type=netdev",
    "--",
    "add-port",
    "contiv0",
    "theirs",
    "--",
    "set",
    "interface",
    "theirs",
    "type=internal",
  );
  await rejects(lab.driver.start(never), { code: "unavailable", message: /port theirs.*del-br/ });
  match(await lab.ovs.vsctl("list-ports", "contiv0"), /theirs/);
});

Deno.test("switch says what to start when Open vSwitch is not there", async () => {
  await using lab = await openLab();
  await lab.ovs.killVswitchd();
  await rejects(lab.driver.start(never), { code: "unavailable", message: /systemctl start/ });
  await lab.ovs.startVswitchd();
  await lab.ovs.killDatabase();
  await rejects(lab.driver.start(never), { code: "unavailable", message: /ovsdb-server must/ });
});

Deno.test("switch tells that ovs-vswitchd was killed or restarted, within a second of its return", async () => {
  await using lab = await openLab();
  await lab.links("v1");
  await lab.driver.start(never);
  await lab.driver.applyPorts([veth("v1", 7)], [], never);
  for (const stop of ["killVswitchd", "stopVswitchd"] as const) {
    await lab.ovs[stop]();
    await rejects(
      lab.driver.applyFlows({
        add: [{ table: 0, priority: 1, match: [], actions: [] }],
        remove: [],
      }, never),
      { code: "unavailable" },
    );
    await lab.ovs.startVswitchd();
    const back = performance.now();
    await lab.event("flows-lost");
    ok(performance.now() - back < 1_000, `${performance.now() - back} ms`);
    deepEqual(lab.driver.ports().map(({ name, number }) => [name, number]), [["v1", 7]]);
  }
});

Deno.test("switch reconnects when ovsdb-server was killed", async () => {
  await using lab = await openLab();
  await lab.links("v1", "v2");
  await lab.driver.start(never);
  await lab.driver.applyPorts([veth("v1", 7)], [], never);
  await lab.event("connected");
  await lab.ovs.killDatabase();
  await lab.event("disconnected");
  equal(lab.driver.connected, false);
  await rejects(lab.driver.applyPorts([veth("v2", 8)], [], never), { code: "unavailable" });
  await lab.ovs.startDatabase();
  await lab.event("connected");
  await lab.driver.applyPorts([veth("v1", 7), veth("v2", 8)], [], never);
  deepEqual(lab.driver.ports().map(({ number }) => number).sort(), [7, 8]);
});

Deno.test("switch makes its bridge again when somebody deleted it", async () => {
  await using lab = await openLab();
  await lab.links("v1");
  await lab.driver.start(never);
  await lab.driver.applyPorts([veth("v1", 7)], [], never);
  await lab.event("connected");
  await lab.ovs.vsctl("del-br", "contiv0");
  await lab.event("connected");
  deepEqual(lab.driver.ports(), []);
  await lab.driver.applyPorts([veth("v1", 7)], [], never);
  // Whether flows are lost too depends on whether ovs-vswitchd saw the bridge gone; "connected" has them compared anyway.
  ok(lab.seen.includes("ports-changed"));
});

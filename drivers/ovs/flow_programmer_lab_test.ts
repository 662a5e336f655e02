import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { exampleFlows } from "../../mod/pipeline/testing/example.ts";
import { changeLines } from "./flow_commands.ts";
import { builtLibrary } from "./native/testing/built.ts";
import { Ofctl } from "./ofctl.ts";
import { askForPortStatus } from "./openflow/asynchronous.ts";
import type { OpenFlowCodec } from "./openflow/codec.ts";
import { Connection } from "./openflow/connection.ts";
import { openNativeCodec } from "./openflow/native_codec.ts";
import { OpenFlowProgrammer } from "./openflow/openflow_programmer.ts";
import { testFlowProgrammer } from "./testing/flow_programmer_conformance.ts";
import { waitUntil } from "./testing/private_ovs.ts";
import { testPipelineProgrammer } from "./testing/pipeline_conformance.ts";
import { addressOf, dropFlow, never, openLab, veth } from "./testing/open_lab.ts";

testFlowProgrammer("ovs-ofctl", (socket, onWeakened) => new Ofctl({ socket, onWeakened }));
testPipelineProgrammer(
  "ovs-ofctl",
  (socket) => new Ofctl({ socket, onWeakened: (words) => ok(false, words) }),
);

const library = await builtLibrary();
const make = (socket: string) => new OpenFlowProgrammer(openNativeCodec(library), { socket });
testFlowProgrammer("native OpenFlow", make);
testPipelineProgrammer("native OpenFlow", make);

Deno.test("switch uses the native library that was built, and says so", async () => {
  await using lab = await openLab();
  match((await lab.driver.start(never)).flowProgrammer, /^OpenFlow 1\.5, libopenvswitch \d/);
});

Deno.test("native OpenFlow installs just what ovs-ofctl installs", async () => {
  await using lab = await openLab();
  await lab.driver.start(never);
  const socket = `${lab.ovs.directory}/contiv0.mgmt`;
  const lines = changeLines({ add: exampleFlows(), remove: [] });
  const dumps: string[][] = [];
  const ofctl = new Ofctl({ socket, onWeakened: (words) => ok(false, words) });
  for (const programmer of [ofctl, make(socket)]) {
    await programmer.apply(lines);
    const text = await lab.ovs.ofctl("--no-stats", "dump-flows", "contiv0");
    dumps.push(text.split("\n").sort());
    await programmer.apply(["flow delete cookie=0/0"]);
    await programmer.close();
  }
  ok((dumps[0]?.length ?? 0) > lines.length);
  deepEqual(dumps[1], dumps[0]);
});

Deno.test("native OpenFlow leaves the event loop free while it writes ten thousand flows", async () => {
  await using lab = await openLab();
  await lab.driver.start(never);
  const programmer = make(`${lab.ovs.directory}/contiv0.mgmt`);
  const flows = Array.from({ length: 10_000 }, (_, index) => dropFlow(addressOf(index)));
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await programmer.apply(changeLines({ add: flows, remove: [] }));
  clearInterval(timer);
  // Encoded at one go, ten thousand lines would leave it one or two.
  ok(turns >= 10, `${turns} turns`);
  equal((await programmer.dump()).flows.length, flows.length);
  await programmer.close();
});

Deno.test("native OpenFlow compiles long bundles in slices, and applies all of them or nothing", async () => {
  await using lab = await openLab();
  await lab.driver.start(never);
  const codec = openNativeCodec(library);
  const slices: number[] = [];
  const counting: OpenFlowCodec = {
    description: codec.description,
    encodeLines(lines, firstXid, bundle) {
      slices.push(lines.length);
      return codec.encodeLines(lines, firstXid, bundle);
    },
    encodeBundleControl: codec.encodeBundleControl.bind(codec),
    encodeBarrier: codec.encodeBarrier.bind(codec),
    encodeFlowDump: codec.encodeFlowDump.bind(codec),
    encodeDump: codec.encodeDump.bind(codec),
    decode: codec.decode.bind(codec),
  };
  const socket = `${lab.ovs.directory}/contiv0.mgmt`;
  const programmer = new OpenFlowProgrammer(counting, { socket });
  const before = dropFlow("10.200.0.1");
  await programmer.apply(changeLines({ add: [before], remove: [] }));
  const flows = Array.from({ length: 25_000 }, (_, index) => dropFlow(addressOf(index)));
  const lines = changeLines({ add: flows, remove: [before] });
  for (
    const [bad, message] of [
      // By the compiler, when most of the bundle has been sent; by the switch, when it is added; and by the switch at the commit.
      ["flow add nw_sauce=1,actions=drop", /nw_sauce/],
      ["flow add table=254,ip,nw_src=10.0.0.66,actions=drop", /table=254.*OFPBRC_EPERM/],
      ["flow add table=9,ip,nw_src=10.0.0.66,actions=group:77", /group:77.*OFPBAC_BAD_OUT_GROUP/],
    ] as const
  ) {
    await rejects(programmer.apply(lines.with(24_999, bad)), { code: "flow-refused", message });
    deepEqual((await programmer.dump()).flows.length, 1);
  }
  slices.splice(0);
  await programmer.apply(lines);
  equal(slices.reduce((sum, length) => sum + length), 25_001);
  ok(Math.max(...slices) <= 1_000, `${slices}`);
  equal((await programmer.dump()).flows.length, 25_000);
  await programmer.close();
});

Deno.test("native OpenFlow tells of ports that come and go, and of what they counted", async () => {
  await using lab = await openLab();
  await lab.driver.start(never);
  const told: string[] = [];
  const programmer = new OpenFlowProgrammer(openNativeCodec(library), {
    socket: `${lab.ovs.directory}/contiv0.mgmt`,
    onPortStatus: ({ reason, name, number }) => void told.push(`${reason} ${name} ${number}`),
  });
  await programmer.dump();
  await lab.links("cvb");
  await lab.ovs.exec("ip", "link", "set", "cvb", "up");
  await lab.ovs.exec("ip", "link", "set", "cvbp", "up");
  await lab.driver.applyPorts([veth("cvb", 9)], [], never);
  await waitUntil("the port is told of", () => told.includes("add cvb 9"));
  const line = `packet-out in_port=LOCAL,packet=${"02".repeat(60)},actions=output:9`;
  const sent = async () =>
    (await programmer.portStatistics()).find(({ number }) => number === 9)?.sent;
  const before = (await sent())?.packets ?? 0n;
  await programmer.sendPackets([line, line, line]);
  await waitUntil("its packets are counted", async () => {
    const { packets = 0n, bytes = 0n } = await sent() ?? {};
    return packets >= before + 3n && bytes >= 180n;
  });
  await lab.driver.applyPorts([], ["cvb"], never);
  await waitUntil("its end is told of", () => told.includes("delete cvb 9"));
  await programmer.close();
});

Deno.test("native OpenFlow asks for port status only: packets for a controller do not come", async () => {
  await using lab = await openLab();
  await lab.driver.start(never);
  const codec = openNativeCodec(library);
  const unasked: string[] = [];
  const connection = await Connection.open({
    socket: `${lab.ovs.directory}/contiv0.mgmt`,
    onAsynchronous: (message) => void unasked.push(codec.decode(message).kind),
  }, never);
  for (const message of askForPortStatus(0)) await connection.write(message);
  const line = `packet-out in_port=LOCAL,packet=${"02".repeat(60)},actions=controller`;
  using exchange = connection.exchange(3);
  await connection.write(codec.encodeLines([line, line], exchange.first, 0));
  await lab.links("cvb");
  await lab.driver.applyPorts([veth("cvb", 9)], [], never);
  await waitUntil("the port is told of", () => unasked.length > 0);
  await connection.write(codec.encodeBarrier(exchange.first + 2));
  equal((await exchange.until(exchange.first + 2)).length, 1, "no error");
  deepEqual([...new Set(unasked)], ["port-status"]);
  await connection.close();
});

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { exampleFlows } from "../../mod/pipeline/testing/example.ts";
import { changeLines } from "./flow_commands.ts";
import { builtLibrary } from "./native/testing/built.ts";
import { Ofctl } from "./ofctl.ts";
import { openNativeCodec } from "./openflow/native_codec.ts";
import { OpenFlowProgrammer } from "./openflow/openflow_programmer.ts";
import { testFlowProgrammer } from "./testing/flow_programmer_conformance.ts";
import { testPipelineProgrammer } from "./testing/pipeline_conformance.ts";
import { addressOf, dropFlow, never, openLab } from "./testing/open_lab.ts";

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

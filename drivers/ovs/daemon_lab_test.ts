import { equal, match } from "node:assert/strict";
import { startPrivateOvs } from "./testing/private_ovs.ts";

/** Runs in the namespace, since the daemons live where their starter lives. */
const PROGRAM = `
import { getLogger } from "@logtape/logtape";
import { openSwitch } from "${import.meta.resolve("./switch.ts")}";
const [directory] = Deno.args;
const driver = openSwitch({
  runDirectory: directory,
  databaseFile: directory + "/conf.db",
  startDaemons: true,
  datapath: "netdev",
  logger: getLogger("contiv"),
});
const facts = await driver.start(AbortSignal.timeout(15_000));
await driver.close();
console.log(JSON.stringify(facts));
`;

Deno.test("switch starts an Open vSwitch that does not run, and keeps the database of one that did", async () => {
  await using ovs = await startPrivateOvs({ daemons: false });
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const program = new URL(`./.start_${ovs.namespace}.ts`, import.meta.url).pathname;
  await Deno.writeTextFile(program, PROGRAM);
  try {
    const start = () =>
      ovs.exec(
        Deno.execPath(),
        "run",
        "-A",
        "-q",
        "--no-check",
        "-c",
        config,
        program,
        ovs.directory,
      );
    match(await start(), /"datapath":"netdev"/);
    await ovs.vsctl("add-br", "kept", "--", "set", "bridge", "kept", "datapath_type=netdev");
    await ovs.killVswitchd();
    await ovs.killDatabase();
    match(await start(), /"datapath":"netdev"/);
    equal(await ovs.vsctl("list-br"), "contiv0\nkept\n");
  } finally {
    await Deno.remove(program);
  }
});

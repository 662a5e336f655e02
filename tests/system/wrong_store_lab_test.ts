import assert from "node:assert/strict";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Contiv } from "./contiv.ts";
import { Namespace } from "./namespace.ts";

Deno.test("contiv started on another store leaves the containers of the right one alone, and says what to do", async () => {
  await using lab = await Lab.create({ name: "store" });
  const host = await lab.host("a");
  const contiv = await Contiv.start(host);
  await contiv.ctl("network", "create", "--subnet=10.1.2.0/24", "--gateway=10.1.2.254", "net");
  const one = await Namespace.create(host, "one");
  await contiv.ctl("endpoint", "attach", "--netns=one", "--network=net");
  await contiv.stop();
  const flows = await host.must(["ovs-ofctl", "dump-flows", "contiv0", "--no-stats"]);

  const wrong = new Contiv(host, { args: ["--store=embedded:///run/other/state.db"] });
  wrong.launch();
  await waitFor("the refusal", () => wrong.tail().includes("endpoints of another store"));
  await wrong.stop();
  assert.equal(await host.must(["ovs-ofctl", "dump-flows", "contiv0", "--no-stats"]), flows);
  await one.mustReach(lab.outside().address);

  await contiv.start();
  await one.mustReach(lab.outside().address);
});

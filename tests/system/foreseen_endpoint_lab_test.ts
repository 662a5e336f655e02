/**
 * An endpoint is brought up while its record is being written: whatever becomes of the record, the host has what is recorded, and nothing else.
 * @module
 */
import assert from "node:assert/strict";
import type { CommandOutput } from "../lab/command.ts";
import { Lab } from "../lab/lab.ts";

const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
const SCRIPT = new URL("./foreseen_endpoint.ts", import.meta.url).pathname;
const SIGKILL = 9;

/** By the scenario that tries it. */
const promises: Readonly<Record<string, string>> = {
  refused: "an endpoint leaves nothing behind when the store refuses its record",
  overtaken:
    "an endpoint is as recorded when others take its address or port while its record is written",
  compared:
    "an endpoint keeps link and port when everything is compared while its record is written",
  concurrent:
    "an endpoint comes up when it takes the place of one whose record was refused at the same time",
  crowded: "endpoints come up when many take the places of as many whose records were refused",
  retried:
    "an endpoint comes up when it is asked for again while, or right after, its record was refused",
  "asked at random":
    "endpoints are as recorded after many have asked for the same ones, of a store that fails at random",
  "network deleted":
    "an endpoint leaves nothing behind when its network is deleted while its record is written",
  closed: "an endpoint leaves nothing behind when the agent closes while its record is refused",
  moved: "an endpoint comes up when its container has just lost another one",
  disconnected:
    "an endpoint leaves nothing behind when the switch goes away while its record is written",
};

/** A host of its own; each scenario given runs on the same store. Returns how each ended. */
async function play(...scenarios: string[]): Promise<CommandOutput[]> {
  await using lab = await Lab.create({ name: "foresee" });
  const host = await lab.host("a");
  await host.startOvs();
  const store = `${host.directory}/contiv.db`;
  const ends: CommandOutput[] = [];
  for (const scenario of scenarios) {
    const program = [Deno.execPath(), "run", "-A", "--quiet", `--config=${CONFIG}`, SCRIPT];
    ends.push(await host.exec([...program, scenario, store], { deadline: 120_000 }));
  }
  return ends;
}

function succeeded(output: CommandOutput | undefined): void {
  assert.equal(output?.code, 0, `${output?.stdout}${output?.stderr}`);
}

Deno.test("an endpoint without a record is cleared away when the agent starts after it was killed", async () => {
  for (const moment of ["killed when wired", "killed half-way"]) {
    const [killed, started] = await play(moment, "started again");
    assert.equal(killed?.code, 128 + SIGKILL, `${killed?.stderr}`);
    succeeded(started);
  }
});

for (const [scenario, promise] of Object.entries(promises)) {
  Deno.test(promise, async () => {
    const [end] = await play(scenario);
    succeeded(end);
  });
}

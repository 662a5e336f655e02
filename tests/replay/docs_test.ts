/** The examples of docs/api.md and docs/ctl.md, run in order against a fresh master. */
import assert from "node:assert/strict";
import { runCtl } from "../../cli/ctl/run.ts";
import { startMaster } from "./master.ts";

async function example(document: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(`../../docs/${document}`, import.meta.url));
  return /^```\n([^]*?)\n```$/m.exec(text)?.[1]?.split("\n") ?? [];
}

Deno.test("docs/ctl.md shows commands that work when run in order", async () => {
  await using master = await startMaster();
  const commands = await example("ctl.md");
  assert(commands.length > 5);
  for (const command of commands) {
    const errors: string[] = [];
    const exit = await runCtl(command.split(" ").slice(2), {
      stdout: () => {},
      stderr: (text) => void errors.push(text),
      env: { NETMASTER: master.url },
    });
    assert.deepEqual([exit, ...errors], [0], command);
  }
});

Deno.test("docs/api.md shows the replies that the API gives when its requests are made in order", async () => {
  await using master = await startMaster();
  const lines = await example("api.md");
  assert(lines.length > 5);
  for (let at = 0; at < lines.length; at += 2) {
    const [, method = "", path = "", body] = /^(\S+) (\S+)(?: (.*))?$/.exec(lines[at] ?? "") ?? [];
    const reply = await master.request(path, { method, ...(body ? { body } : {}) });
    const [first] = (await reply.text()).split("\n");
    assert.equal(`${reply.status} ${first}`, lines[at + 1], lines[at] ?? "");
  }
});
